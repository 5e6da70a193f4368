import type { TimeJump } from './validation-report.ts';

/** What was seen of one stream of frames. */
export interface SeenFrames {
  readonly decodedSeconds: number;
  readonly endSeconds: number;
  readonly missingSeconds: number;
  readonly jumps: readonly TimeJump[];
}

/** Follows the frames of several streams, in constant memory. */
export interface FrameWatch {
  /** Takes one line of ffmpeg's `framecrc`. True when a stream got further than any before. */
  take(line: string): boolean;
  /** The end of the sound that is furthest, in seconds. */
  readonly furthestSeconds: number;
  /** What was seen of the stream with this number among the outputs. */
  seen(output: number): SeenFrames;
}

interface Track {
  secondsPerTick: number;
  firstTick: number | undefined;
  nextTick: number;
  ticks: number;
  readonly jumps: TimeJump[];
}

/** Containers round timestamps to milliseconds, and codecs start within a frame; what is lost is a frame at least, of 10 ms or more as a rule. */
const leastJumpSeconds = 0.01;
const mostJumps = 100;

/** Makes a watch for the lines of `framecrc`: `#tb 0: 1/44100` for each stream, then `stream, dts, pts, duration, size, checksum` for each frame. */
export function createFrameWatch(): FrameWatch {
  const tracks = new Map<number, Track>();
  let furthestSeconds = 0;
  const trackOf = (output: number): Track => {
    const known = tracks.get(output);
    if (known !== undefined) return known;
    const track: Track = { secondsPerTick: 0, firstTick: undefined, nextTick: 0, ticks: 0, jumps: [] };
    tracks.set(output, track);
    return track;
  };
  return {
    take(line) {
      const [, base, numerator, denominator] = /^#tb (\d{1,4}): (\d{1,9})\/(\d{1,9})$/.exec(line) ?? [];
      if (base !== undefined) trackOf(Number(base)).secondsPerTick = Number(numerator) / Number(denominator);
      const [, output, start, duration] = /^(\d{1,4}),\s*-?\d{1,18},\s*(-?\d{1,18}),\s*(\d{1,12}),/.exec(line) ?? [];
      if (output === undefined) return false;
      const end = follow(trackOf(Number(output)), Number(start), Number(duration));
      if (end <= furthestSeconds) return false;
      furthestSeconds = end;
      return true;
    },
    get furthestSeconds() {
      return furthestSeconds;
    },
    seen: (output) => summary(trackOf(output)),
  };
}

/** Takes one frame, and gives the second at which it ends. */
function follow(track: Track, start: number, duration: number): number {
  const { secondsPerTick, jumps } = track;
  const jump = (start - track.nextTick) * secondsPerTick;
  if (track.firstTick !== undefined && Math.abs(jump) >= leastJumpSeconds && jumps.length < mostJumps) jumps.push({ atSeconds: track.nextTick * secondsPerTick, seconds: jump });
  track.firstTick ??= start;
  track.nextTick = start + duration;
  track.ticks += duration;
  return track.nextTick * secondsPerTick;
}

function summary({ secondsPerTick, firstTick = 0, nextTick, ticks, jumps }: Track): SeenFrames {
  const missing = (nextTick - firstTick - ticks) * secondsPerTick;
  return { decodedSeconds: ticks * secondsPerTick, endSeconds: nextTick * secondsPerTick, missingSeconds: missing < leastJumpSeconds ? 0 : missing, jumps };
}
