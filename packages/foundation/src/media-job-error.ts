import { inspect } from 'node:util';
import { errorCodes, type ErrorClass, type MediaJobErrorCode } from './codes.ts';

const marker = Symbol.for('media-jobs.error');

/** What a `MediaJobError` is made of, besides its code. */
export interface MediaJobErrorOptions {
  /** What happened: what was expected and what came instead. One sentence. */
  readonly message: string;
  /** What the reader can do about it. One sentence. */
  readonly advice?: string;
  /** The error underneath. */
  readonly cause?: unknown;
  /** Plain values that help to understand it, such as `exitCode`, `path`, `stderrTail`. Must survive JSON. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** For `overload`: not before this many milliseconds. */
  readonly retryAfterMs?: number;
}

/** A `MediaJobError` as it stands in a record or in an HTTP answer. */
export interface SerializedError {
  readonly code: MediaJobErrorCode;
  readonly message: string;
  readonly advice?: string;
  readonly class: ErrorClass;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Name of the original error's type, when it was not a `MediaJobError`. */
  readonly originalType?: string;
  /** The messages of the causes, outermost first. */
  readonly causes?: readonly string[];
  readonly retryAfterMs?: number;
}

/** The one error class of all packages. `code` says which row of `errorCodes` it is. */
export class MediaJobError extends Error {
  readonly code: MediaJobErrorCode;
  readonly advice: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: MediaJobErrorCode, options: MediaJobErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.advice = options.advice;
    this.facts = Object.freeze({ ...options.facts });
    this.retryAfterMs = options.retryAfterMs;
  }

  /** How a caller who may try again treats it. */
  get class(): ErrorClass {
    return errorCodes[this.code].class;
  }

  /** Whether trying again can help. */
  get retryable(): boolean {
    return this.class !== 'permanent';
  }

  get httpStatus(): number {
    return errorCodes[this.code].httpStatus;
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is MediaJobError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[marker] === true;
  }

  /** Any thrown value as a `MediaJobError`: itself, or an `UNKNOWN` that keeps the original as its cause. */
  static from(thrown: unknown): MediaJobError {
    if (MediaJobError.isInstance(thrown)) return thrown;
    const message = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
    return new MediaJobError('UNKNOWN', { message, cause: thrown, facts: { originalType: typeName(thrown) } });
  }

  toJSON(): SerializedError {
    const { originalType, ...facts } = this.facts;
    const causes = causeMessages(this.cause);
    return {
      code: this.code,
      message: this.message,
      class: this.class,
      ...(this.advice === undefined ? {} : { advice: this.advice }),
      ...(Object.keys(facts).length === 0 ? {} : { facts }),
      ...(typeof originalType === 'string' ? { originalType } : {}),
      ...(causes.length === 0 ? {} : { causes }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** The error that a record holds, as an error again. */
  static fromJSON(serialized: SerializedError): MediaJobError {
    const { code, message, advice, facts, originalType, causes, retryAfterMs } = serialized;
    return new MediaJobError(code in errorCodes ? code : 'UNKNOWN', {
      message,
      ...(advice === undefined ? {} : { advice }),
      facts: { ...facts, ...(originalType === undefined ? {} : { originalType }) },
      ...(causes === undefined || causes.length === 0 ? {} : { cause: new Error(causes.join(': ')) }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}
Object.defineProperty(MediaJobError.prototype, marker, { value: true });
Object.defineProperty(MediaJobError.prototype, 'name', { value: 'MediaJobError', enumerable: false, configurable: true, writable: true });

function typeName(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.name;
  return typeof thrown;
}

/** A chain longer than this is cut: it is for reading, and may be circular. */
const maxCauses = 8;

function causeMessages(cause: unknown): string[] {
  const messages: string[] = [];
  for (let next = cause; next !== undefined && next !== null && messages.length < maxCauses; next = next instanceof Error ? next.cause : undefined) {
    messages.push(next instanceof Error ? `${next.name}: ${next.message}` : inspect(next, { depth: 1, breakLength: Infinity }));
  }
  return messages;
}
