const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Bytes in decimal units, such as `1.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** power;
  // 999.96 kB would be written as 1000.0 kB.
  if (power < units.length && Math.round(amount * 10) >= 10_000) return `1.0 ${units[power]}`;
  return `${amount.toFixed(1)} ${units[power - 1]}`;
}

/** A time in its largest unit, such as `5 min`; for columns. A negative one, of clocks that differ, counts as none. */
export function ageText(ms: number): string {
  const rounded = Math.max(0, ms);
  if (rounded < minute) return `${Math.floor(rounded / second)} s`;
  if (rounded < hour) return `${Math.floor(rounded / minute)} min`;
  if (rounded < 2 * day) return `${Math.floor(rounded / hour)} h`;
  return `${Math.floor(rounded / day)} d`;
}

/** How long something took, such as `420 ms`, `2.1 s`, `3 min 5 s` or `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min ${Math.floor((ms % minute) / second)} s`;
  return `${Math.floor(ms / hour)} h ${Math.floor((ms % hour) / minute)} min`;
}

/** A count with its noun, such as `1 file` or `3 files`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A time as ISO 8601 in UTC, to the second. */
export function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
