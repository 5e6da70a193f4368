/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  readonly push: (chunk: Uint8Array) => void;
  /** Gives what is left without a line end. */
  readonly end: () => void;
}

/** Bytes of a line that are kept; the rest, up to its end, is dropped. Nothing that a media tool says for people is longer. */
export const maxLineBytes = 4096;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Calls back for each line, without its end. A line ends with LF, CR LF, or CR alone, as in a progress line that writes over itself.
 * Bytes that are no UTF-8 become U+FFFD. Holds 4 KiB at most, however long a line is.
 */
export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  const held = Buffer.allocUnsafe(maxLineBytes);
  let length = 0;
  let afterReturn = false;
  const take = (part: Uint8Array): void => {
    const fitting = part.subarray(0, maxLineBytes - length);
    held.set(fitting, length);
    length += fitting.length;
  };
  const give = (): void => {
    const line = held.toString('utf8', 0, length);
    length = 0;
    onLine(line);
  };
  return {
    push(chunk) {
      let start = 0;
      if (afterReturn && chunk[0] === lineFeed) start = 1;
      if (chunk.length > 0) afterReturn = false;
      let feed = chunk.indexOf(lineFeed, start);
      let back = chunk.indexOf(carriageReturn, start);
      while (feed !== -1 || back !== -1) {
        const end = feed === -1 ? back : back === -1 ? feed : Math.min(feed, back);
        take(chunk.subarray(start, end));
        const pair = end === back && chunk[end + 1] === lineFeed;
        start = end + (pair ? 2 : 1);
        afterReturn = end === back && start === chunk.length && !pair;
        give();
        if (feed !== -1 && feed < start) feed = chunk.indexOf(lineFeed, start);
        if (back !== -1 && back < start) back = chunk.indexOf(carriageReturn, start);
      }
      take(chunk.subarray(start));
    },
    end() {
      if (length > 0) give();
    },
  };
}
