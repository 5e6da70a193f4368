/** The two programs of ffmpeg that are needed. */
export type FfmpegProgram = 'ffmpeg' | 'ffprobe';

/** What a program says of itself. */
export interface ProgramVersion {
  /** As it prints it, such as `5.1.9-0+deb12u1` or `N-47683-g0e8eb07980-static`. */
  readonly version: string;
  /** Whether it is older than 5.0, as far as its number, or else its year, tells. */
  readonly old: boolean;
}

const leastMajor = 5;
/** Version 5.0 came out in January of this year; builds between releases tell only their year. */
const leastYear = 2022;

/** Reads the first line of `ffmpeg -version`. Undefined when it is not that of `program`. */
export function parseVersion(program: FfmpegProgram, text: string): ProgramVersion | undefined {
  const match = /^(ffmpeg|ffprobe) version (\S+)(?:.*?\b(?:\d{4}-)?(\d{4}) the FFmpeg developers)?/.exec(text);
  if (match === null || match[1] !== program) return undefined;
  const version = match[2] ?? '';
  const major = /^n?(\d+)\.\d/.exec(version)?.[1];
  const old = major === undefined ? match[3] !== undefined && Number(match[3]) < leastYear : Number(major) < leastMajor;
  return Object.freeze({ version, old });
}
