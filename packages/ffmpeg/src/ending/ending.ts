/**
 * How a media file ends, by its own structure.
 *
 * - `whole`: it ends where its container says.
 * - `cut`: something that the container announces is missing.
 * - `unknown`: nothing in the file tells.
 */
export type Ending =
  | { readonly state: 'whole' }
  | Cut
  | {
      readonly state: 'unknown';
      /** Why nothing can be known, as a part of a sentence. */
      readonly reason: string;
    };

/** A file that ends too early. */
export interface Cut {
  readonly state: 'cut';
  /** What is missing, as a part of a sentence. */
  readonly reason: string;
  /** Where the last whole piece ends, in bytes from the start. */
  readonly atByte: number;
  /** Bytes that the whole file would have, where it says so. */
  readonly expectedBytes?: number;
}

export const whole: Ending = Object.freeze({ state: 'whole' });

export function unknown(reason: string): Ending {
  return Object.freeze({ state: 'unknown', reason });
}

export function cut(reason: string, atByte: number, expectedBytes?: number): Cut {
  return Object.freeze({ state: 'cut', reason, atByte, ...(expectedBytes === undefined ? {} : { expectedBytes }) });
}
