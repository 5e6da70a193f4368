import { commonOptions, type Command, type CommandOption } from './command.ts';

const exitCodeHelp = 'Exit codes: 0 done; 1 the job failed, or something needed is missing; 2 wrong usage; 130 interrupted.';

/** Two columns, the left one as wide as its widest entry. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionRow({ name, value, about }: CommandOption): readonly [string, string] {
  return [value === undefined ? `--${name}` : `--${name} ${value}`, about];
}

/** What `media-jobs --help` prints. */
export function generalHelp(commands: readonly Command[]): string {
  return [
    'Usage: media-jobs COMMAND [options]',
    '',
    ...columns([...commands.map(({ name, about }) => [name, about] as const), ['help COMMAND', 'what a command does and its options']]),
    '',
    'Options of every command:',
    ...columns([...commonOptions.map(optionRow), ['--version', 'show the version of media-jobs']]),
    '',
    exitCodeHelp,
    '',
  ].join('\n');
}

/** What `media-jobs help COMMAND` prints. */
export function commandHelp({ name, about, operands, options, details }: Command): string {
  return [
    `Usage: media-jobs ${[name, ...operands].join(' ')} [options]`,
    '',
    `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
    ...details.map((line) => line),
    '',
    ...columns([...options, ...commonOptions].map(optionRow)),
    '',
    exitCodeHelp,
    '',
  ].join('\n');
}
