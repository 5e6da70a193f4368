import type { MediaInfo } from '../media-info.ts';
import type { TimeJump, ValidatedStream, ValidationFault } from './validation-report.ts';

/** What decoding a file has shown. */
export interface ValidationFindings {
  readonly info: MediaInfo;
  readonly streams: readonly ValidatedStream[];
  /** What ffmpeg complained about, line by line. */
  readonly complaints: readonly string[];
}

/** Containers whose timestamps count samples: what they leave out was there once. In the others a pause of the sender looks the same. */
const countingFormats = new Set(['flac', 'ogg', 'wav', 'w64', 'aiff', 'caf', 'mp3', 'aac', 'ac3', 'amr']);
/** Codecs whose frames carry a checksum that is compared, and containers whose pages do. */
const checkedCodecs = new Set(['flac', 'ac3', 'eac3', 'truehd', 'mlp']);
const checkedFormats = new Set(['ogg']);
/** Rows of frames without a time of their own. */
const countedFormats = new Set(['mp3', 'aac', 'ac3', 'amr']);
/** Codecs fill their last frame, or begin within the first. */
const toleranceSeconds = 0.25;

const nameOf = ({ format }: MediaInfo): string => format.split(',', 1)[0] ?? '';
const at = (seconds: number): string => `${seconds.toFixed(2)} s`;

/** All that is broken, the worst first. */
export function findFaults(findings: ValidationFindings): readonly ValidationFault[] {
  const { info, streams, complaints } = findings;
  const { ending } = info;
  return [
    ...(ending.state === 'cut' ? [{ code: 'TRUNCATED', message: `The file is cut off: ${ending.reason}.` } as const] : []),
    ...streams.flatMap((stream) => streamFaults(stream, info)),
    ...(complaints.length === 0 ? [] : [{ code: 'CORRUPT', message: `Decoding met errors (${complaints.length}); the first: ${(complaints[0] ?? '').slice(0, 200)}` } as const]),
  ];
}

function streamFaults(stream: ValidatedStream, info: MediaInfo): readonly ValidationFault[] {
  const { index, codec, decodedSeconds, declaredSeconds, endSeconds, missingSeconds, jumps } = stream;
  const which = `Audio stream ${index} (${codec})`;
  if (decodedSeconds === 0) return [{ code: 'EMPTY_OUTPUT', stream: index, message: `${which} gives no sound.` }];
  const short = declaredSeconds === undefined ? 0 : declaredSeconds - endSeconds;
  const lost = countingFormats.has(nameOf(info)) && (missingSeconds > 0 || jumps.length > 0);
  return [
    ...(short > toleranceSeconds ? [{ code: 'TRUNCATED', stream: index, atSeconds: endSeconds, message: `${which} ends at ${at(endSeconds)}; the file states ${at(declaredSeconds ?? 0)}.` } as const] : []),
    ...(lost ? [{ code: 'CORRUPT', stream: index, ...placeOf(jumps), message: `${which} lacks ${at(missingSeconds)}: ${said(jumps)}.` } as const] : []),
  ];
}

function placeOf([first]: readonly TimeJump[]): Pick<ValidationFault, 'atSeconds'> {
  return first === undefined ? {} : { atSeconds: first.atSeconds };
}

function said([first, ...others]: readonly TimeJump[]): string {
  if (first === undefined) return 'less came out than lies between its first and its last timestamp';
  const way = first.seconds > 0 ? `at ${at(first.atSeconds)} the next ${at(first.seconds)} are missing` : `at ${at(first.atSeconds)} the time goes back by ${at(-first.seconds)}`;
  return others.length === 0 ? way : `${way}, and ${others.length} places more`;
}

/** What may be as it was meant to be. */
export function findRemarks({ info, streams }: ValidationFindings): readonly string[] {
  if (countingFormats.has(nameOf(info))) return info.warnings;
  return [...info.warnings, ...streams.filter(({ jumps }) => jumps.length > 0).map(({ index, jumps }) => `Audio stream ${index}: ${said(jumps)}. It was lost, or never recorded.`)];
}

/** What cannot be found out in a file like this. */
export function findUntold({ info, streams }: ValidationFindings): readonly string[] {
  const format = nameOf(info);
  const unchecked = checkedFormats.has(format) ? [] : [...new Set(streams.map(({ codec }) => codec))].filter((codec) => !checkedCodecs.has(codec));
  return [
    ...(info.ending.state === 'unknown' ? [`Whether its end is there: ${info.ending.reason}.`] : []),
    ...unchecked.map((codec) => `Whether its samples are as they were: ${codec} carries no checksum, so what changed and can still be decoded is not found.`),
    ...(countedFormats.has(format) ? ['Whether whole frames were taken out: they carry no time of their own.'] : []),
    ...(info.video.length > 0 ? ['Whether its pictures can be decoded: video is read, and not decoded.'] : []),
    ...(streams.length < info.audio.length ? [`Whether audio streams beyond the first ${streams.length} are whole.`] : []),
  ];
}
