import { randomFillSync } from 'node:crypto';

/** Crockford's alphabet in lower case: sorts as the numbers do, and is safe in file names. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const timeLength = 10;
const randomLength = 16;

/**
 * A new epoch: 26 characters, of which ten are the time and sixteen are random, so that epochs sort by creation even
 * when a lost database forgets the ones before. It always sorts after `previous`, also when the clock has gone back.
 */
export function newEpoch(now: number, previous?: string): string {
  const fresh = encodeTime(now) + randomText(randomLength);
  return previous === undefined || fresh > previous ? fresh : successor(previous);
}

/** A token that is drawn once and never again: 130 random bits, safe in file names. For claims, takes and folders. */
export function newToken(): string {
  return randomText(26);
}

function encodeTime(now: number): string {
  let text = '';
  for (let rest = Math.max(0, Math.floor(now)); text.length < timeLength; rest = Math.floor(rest / 32)) {
    text = alphabet.charAt(rest % 32) + text;
  }
  return text;
}

/** Random bytes are fetched many at a time, for each fetch is a call into the system; each is given out once. */
const pool = new Uint8Array(4_096);
let used = pool.length;

function randomText(length: number): string {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let text = '';
  for (const byte of pool.subarray(used, used + length)) text += alphabet.charAt(byte % 32);
  used += length;
  return text;
}

/** The next text in the order of the alphabet. */
function successor(text: string): string {
  const digit = alphabet.indexOf(text.at(-1) ?? '');
  if (digit < alphabet.length - 1) return text.slice(0, -1) + alphabet.charAt(digit + 1);
  return successor(text.slice(0, -1)) + alphabet.charAt(0);
}
