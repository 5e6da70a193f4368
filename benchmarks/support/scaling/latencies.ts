/** How long things took, in buckets that are 2 % wide, so that those of several processes can be added. */
export interface Latencies {
  readonly add: (ms: number) => void;
  readonly counts: () => readonly number[];
}

const smallestMs = 0.01;
const width = Math.log(1.02);

/** Starts an empty list. */
export function createLatencies(): Latencies {
  const buckets: number[] = [];
  return {
    add: (ms) => {
      const bucket = Math.max(0, Math.ceil(Math.log(Math.max(ms, smallestMs) / smallestMs) / width));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    },
    // Holes become zeros.
    counts: () => Array.from(buckets, (count) => count ?? 0),
  };
}

/** Those of several processes together. */
export function addCounts(lists: readonly (readonly number[])[]): readonly number[] {
  return Array.from({ length: Math.max(0, ...lists.map((list) => list.length)) }, (_, bucket) => lists.reduce((sum, list) => sum + (list[bucket] ?? 0), 0));
}

/** The time within which this share of all was done, in milliseconds; a share of 1 is the longest. Not a number where there was none. */
export function latencyAt(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let passed = 0;
  for (const [bucket, count] of counts.entries()) {
    passed += count;
    if (count > 0 && passed >= share * total) return smallestMs * Math.exp(bucket * width);
  }
  return Number.NaN;
}
