import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** Raised when the way to count the identity changes, so that old and new never meet. */
const identityVersion = 1;

/** What makes two jobs the same job. */
export interface IdentityParts {
  /** Name of the operation. */
  readonly operation: string;
  /** Version of the operation. */
  readonly version: number;
  /** Tenant; empty when there is only one. */
  readonly namespace: string;
  /** The input as its schema gives it, defaults filled in, file fields taken out. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Content of each file field, in any order. */
  readonly inputs: readonly { readonly field: string; readonly sha256: string }[];
  /** What else the result depends on, such as the sha256 of a model. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Names a job by its content. */
export interface JobIdentity {
  /** `mj_` and 26 characters of base32: the first 130 bits of the digest. Safe in file names, URLs and keys. */
  readonly id: string;
  /** The whole sha256 in hex, compared wherever the id is found. */
  readonly digest: string;
}

/** The identity of a job: the same parts give the same id, whatever the files are called. Throws `INVALID_INPUT` as `canonicalJson` does. */
export function jobIdentity({ operation, version, namespace, options, inputs, facts }: IdentityParts): JobIdentity {
  const sorted = inputs.map(({ field, sha256 }) => ({ field, sha256 })).sort((left, right) => (left.field < right.field ? -1 : left.field > right.field ? 1 : 0));
  const text = canonicalJson({ identityVersion, operation, version, namespace, options, inputs: sorted, facts });
  const digest = createHash('sha256').update(text).digest();
  return { id: `mj_${base32(digest).slice(0, 26)}`, digest: digest.toString('hex') };
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648, in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >>> (bits - 5)) & 31);
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet.charAt((held << (5 - bits)) & 31);
}
