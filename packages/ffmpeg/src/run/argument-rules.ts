import { MediaJobError } from '@media-jobs/foundation';
import { invalidOption } from '../option-checks.ts';

/** Options of ffmpeg 4 to 8 that stand alone; all others are followed by a value. */
const flags = new Set([
  'vn', 'an', 'sn', 'dn', 're', 'shortest', 'bitexact', 'copyts', 'start_at_zero', 'xerror', 'ignore_unknown', 'copy_unknown', 'recast_media', 'accurate_seek', 'seek_timestamp', 'find_stream_info',
  'autorotate', 'autoscale', 'copyinkf', 'copypriorss', 'fix_sub_duration', 'auto_conversion_filters', 'psnr', 'qphist', 'benchmark', 'benchmark_all', 'debug_ts', 'dump', 'hex', 'force_fps',
  'reinit_filter', 'apad', 'hide_banner', 'stats', 'stdin', 'y', 'n', 'report', 'vstats', 'intra', 'sameq', 'L', 'version', 'buildconf',
]);

const ours = 'it is set by this package';
const readsOrWrites = 'it reads or writes files that are not named as inputs or outputs';
const refusals: ReadonlyMap<string, string> = new Map([
  ...['y', 'n', 'stdin', 'stats', 'progress', 'timelimit', 'v', 'loglevel', 'max_alloc', 'protocol_whitelist', 'protocol_blacklist', 'format_whitelist', 'codec_whitelist'].map((name) => [name, ours] as const),
  ['i', 'inputs are named in `inputs`'],
  ['f', 'the format of an output is its `format`, and that of an input is recognised'],
  ['fs', 'the size of an output is limited by its `maxBytes`'],
  ...['report', 'vstats', 'vstats_file', 'pass', 'passlogfile', 'sdp_file', 'attach', 'dump_attachment', 'filter_script', 'filter_complex_script', 'pre', 'apre', 'vpre', 'spre', 'fpre', 'enable_drefs', 'use_absolute_path'].map((name) => [name, readsOrWrites] as const),
]);

const graphs = new Set(['filter', 'filter_complex', 'lavfi', 'af', 'vf']);
/** Filters that open files or ports of their own, or load code. */
const reachingFilter = /(?:^|[\s,;\]])(a?movie|a?zmq|ladspa|lv2|frei0r(?:_src)?)(?=\s*(?:$|[@=,;[]))/;

/**
 * Refuses arguments that would undo a guard. They are the caller's own program, not input: the rules keep a slip, or a name
 * that was pasted into them, from reaching past the files that are named. Throws `INVALID_OPTION`.
 */
export function checkArguments(where: string, args: readonly string[]): void {
  const wrong = args.find((text) => typeof text !== 'string' || text.includes('\0'));
  if (wrong !== undefined) throw invalidOption(where, 'texts without a zero byte', wrong);
  for (let index = 0; index < args.length; ) {
    const option = args[index] ?? '';
    if (!/^-[A-Za-z]/.test(option)) throw invalidOption(where, 'options of ffmpeg, each with its value behind it; files are named in `inputs` and `outputs`', option);
    const name = option.slice(1).split(':', 1)[0] ?? '';
    requireAllowed(where, name);
    if (isFlag(name)) {
      index += 1;
      continue;
    }
    const value = args[index + 1];
    if (value === undefined) throw invalidOption(where, `a value behind \`${option}\``, undefined);
    if (graphs.has(name)) requireHarmlessGraph(where, value);
    index += 2;
  }
}

function isFlag(name: string): boolean {
  return flags.has(name) || (name.startsWith('no') && flags.has(name.slice(2)));
}

function requireAllowed(where: string, name: string): void {
  const why = refusals.get(name) ?? (name.startsWith('no') ? refusals.get(name.slice(2)) : undefined);
  if (why !== undefined) throw refused(where, `-${name}`, why);
}

function requireHarmlessGraph(where: string, graph: string): void {
  const filter = reachingFilter.exec(graph)?.[1];
  if (filter !== undefined) throw refused(where, filter, readsOrWrites);
}

function refused(where: string, what: string, why: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${where}\` without \`${what}\`, because ${why}.`, advice: 'Take it out; the README of @media-jobs/ffmpeg says what stands around the arguments of `run`.', facts: { option: where, value: what } });
}
