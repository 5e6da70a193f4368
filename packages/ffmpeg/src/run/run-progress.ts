/** What ffmpeg says of its own progress. */
export interface RunProgress {
  /** Takes one line of `-progress`. True when it shows that the work got on. */
  take(line: string): boolean;
  /** Seconds of output so far; 0 when there is none. */
  readonly seconds: number;
}

/** Reads the lines of `-progress`, whatever is missing, half, or said with `N/A`. Only what grows is progress: a program that repeats itself is not getting on. */
export function createRunProgress(): RunProgress {
  let seconds = 0;
  let bytes = 0;
  return {
    take(line) {
      const [, key, text] = /^(out_time_us|total_size)=\s*(\d{1,18})\s*$/.exec(line) ?? [];
      const value = Number(text ?? 0);
      if (key === 'out_time_us' && value > seconds * 1e6) seconds = value / 1e6;
      else if (key === 'total_size' && value > bytes) bytes = value;
      else return false;
      return true;
    },
    get seconds() {
      return seconds;
    },
  };
}
