import { randomBytes } from 'node:crypto';
import { invalidOption } from './options.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** Letters of a random id: 26 of 5 bits are 130 bits, so two are never equal. */
const idLength = 26;

/** A random id of 26 letters and digits that is safe in file names. */
export function randomId(): string {
  let id = '';
  for (const byte of randomBytes(idLength)) id += letters[byte % letters.length];
  return id;
}

/** Whether `text` is one that `randomId` makes. */
export function isRandomId(text: string): boolean {
  return /^[a-z2-7]{26}$/.test(text);
}

const advice = 'Names on disk are made here, never by a user: keep the title of a file in a field of your own.';

const prefixPattern = /^[A-Za-z0-9_-]{1,32}$/;
const extensionPattern = /^\.[A-Za-z0-9]{1,8}$/;
const tempNamePattern = /^[A-Za-z0-9_-]{1,32}-[a-z2-7]{26}(?:\.[A-Za-z0-9]{1,8})?$/;
const partNamePattern = /^\.[a-z2-7]{26}\.part(?:\.[A-Za-z0-9]{1,8})?$/;

/** A fresh name for something in a temp folder: `<prefix>-<id><extension>`. Throws `INVALID_OPTION`. */
export function tempName(prefix = 'temp', extension = ''): string {
  if (!prefixPattern.test(prefix)) throw invalidOption('prefix', '1 to 32 letters, digits, `_` or `-`', prefix, advice);
  return `${prefix}-${randomId()}${checkedExtension(extension)}`;
}

/** A fresh hidden name for an unfinished file that lies beside its target: `.<id>.part<extension>`. Throws `INVALID_OPTION`. */
export function partName(extension = ''): string {
  return `.${randomId()}.part${checkedExtension(extension)}`;
}

/** Whether `name` is one that `tempName` makes. */
export function isTempName(name: string): boolean {
  return tempNamePattern.test(name);
}

/** Whether `name` is one that `partName` makes. */
export function isPartName(name: string): boolean {
  return partNamePattern.test(name);
}

/** The extension of a file when it is harmless, else none. */
export function harmlessExtension(extension: string): string {
  return extensionPattern.test(extension) ? extension : '';
}

function checkedExtension(extension: string): string {
  if (extension !== '' && !extensionPattern.test(extension)) throw invalidOption('extension', 'a dot and 1 to 8 letters or digits', extension, advice);
  return extension;
}
