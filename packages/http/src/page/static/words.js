const units = Object.freeze({ Hz: 'Hz', Lufs: 'LUFS', Db: 'dB', Ms: 'ms', Seconds: 's', Bytes: 'bytes' });

/**
 * `prepare-speech` as `Prepare speech`, `highpassHz` as `Highpass (Hz)`.
 *
 * @param {string} name
 */
export function nameInWords(name) {
  const unit = Object.entries(units).find(([ending]) => name.endsWith(ending) && name.length > ending.length);
  const stem = unit === undefined ? name : name.slice(0, -unit[0].length);
  const words = stem.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[-_]+/g, ' ').toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${unit === undefined ? '' : ` (${unit[1]})`}`;
}

/** @param {number} bytes */
export function bytesInWords(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const steps = ['kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let step = -1;
  while (amount >= 999.5 && step < steps.length - 1) {
    amount /= 1000;
    step += 1;
  }
  return `${amount < 10 ? amount.toFixed(1) : amount.toFixed(0)} ${steps[step]}`;
}

/**
 * 83.4 as `1:23`.
 *
 * @param {number} seconds
 */
export function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/**
 * An instant as `5 minutes ago`, or `in 3 hours`.
 *
 * @param {string} iso
 */
export function whenInWords(iso) {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return 'now';
  if (size < 2_700) return ago.format(Math.round(seconds / 60), 'minute');
  if (size < 79_200) return ago.format(Math.round(seconds / 3_600), 'hour');
  return ago.format(Math.round(seconds / 86_400), 'day');
}

/** @param {number} ratio */
export function percent(ratio) {
  return `${Math.floor(ratio * 100)} %`;
}

const longestTitle = 70;

/**
 * An address as a title: without what all have, and not longer than can be read.
 *
 * @param {string} address
 */
export function addressInWords(address) {
  if (!URL.canParse(address)) return address;
  const { host, pathname, search } = new URL(address);
  const words = `${host}${pathname === '/' ? '' : pathname}${search}`;
  return words.length > longestTitle ? `${words.slice(0, longestTitle - 1)}…` : words;
}
