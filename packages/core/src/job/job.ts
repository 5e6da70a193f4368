import { z } from 'zod';
import { builtWhenUsed, once } from './built-when-used.ts';

/** Version of the stored record. `readRecord` upgrades older ones; newer ones are set aside as they are. */
export const recordSchemaVersion = 1;

/** Every state that a stored job can be in. `retrying` waits for its time; `expiring` is being deleted, files first. */
export const jobStates = ['queued', 'running', 'retrying', 'completed', 'failed', 'cancelled', 'expiring'] as const;
export type JobState = (typeof jobStates)[number];

const count = once(() => z.number().int().nonnegative());
const milliseconds = count;
const timestamp = count;
const sha256 = once(() => z.string().regex(/^[0-9a-f]{64}$/));

/** A path below the work folder: no absolute path, no `..`, no backslash. */
const relativePath = once(() => z.string().min(1).regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0]+$/));

const inputFile = once(() => z.strictObject({
  /** Field of the operation's input that named it. */
  field: z.string().min(1),
  /** Name on disk inside `inputFolder`; made by us, never the caller's. */
  name: relativePath(),
  bytes: count(),
  sha256: sha256(),
  /** The caller's own file name, for people only. */
  originalName: z.string(),
}));
/** A file that the job was given. Its bytes lie in `inputFolder` under `name`. */
export const inputFileSchema = builtWhenUsed(inputFile);
export type InputFile = z.infer<typeof inputFileSchema>;

const artifact = once(() => z.strictObject({
  name: relativePath(),
  bytes: count(),
  sha256: sha256(),
  mediaType: z.string().optional(),
}));
/** A file that the job made. Its bytes lie in `outputFolder` under `name`. */
export const artifactSchema = builtWhenUsed(artifact);
export type Artifact = z.infer<typeof artifactSchema>;

const serializedError = once(() => z.looseObject({
  code: z.string(),
  message: z.string(),
  class: z.enum(['permanent', 'transient', 'overload', 'infrastructure', 'interrupted', 'lost']),
  advice: z.string().optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
  originalType: z.string().optional(),
  causes: z.array(z.string()).optional(),
  retryAfterMs: milliseconds().optional(),
}));

/** Who works on the job now. Every write of that worker carries `token`, and so does the folder it writes to. */
const claim = once(() => z.strictObject({
  /** Unique for ever; never drawn twice, not even after a reset or an expiry. */
  token: z.string().min(1),
  /** The process, as `ownerId()` of `@media-jobs/process` names it. */
  owner: z.string().min(1),
  claimedAt: timestamp(),
  leaseUntil: timestamp(),
}));
export type Claim = z.infer<ReturnType<typeof claim>>;

/** What the job may cost before it is given up; copied from the operation when it was submitted. */
const policy = once(() => z.strictObject({
  /** Charged attempts, the first included. */
  maxAttempts: z.number().int().positive(),
  /** Times that a worker may be lost before the job is a dead letter. */
  maxLosses: z.number().int().positive(),
  /** From the end of the job to its expiry. */
  ttlMs: z.number().int().positive(),
}));
export type JobPolicy = z.infer<ReturnType<typeof policy>>;

/**
 * What the attempts of one generation cost. CPU time and memory are sampled a few times a second: lower bounds. Times
 * add up over the attempts; memory is the largest.
 */
const usage = once(() => z.strictObject({
  wallMs: milliseconds(),
  /** In line; the store measures it, and what an outcome says is ignored. */
  waitingMs: milliseconds(),
  cpuMs: milliseconds(),
  peakRssBytes: count(),
  sampled: z.literal(true),
}));
export type JobUsage = z.infer<ReturnType<typeof usage>>;

/** Why a job that failed is a dead letter: trying again may help, but its budget is used up. */
export const deadLetterReasons = ['attempts-used-up', 'workers-lost', 'refunds-used-up'] as const;
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** One attempt that has ended, for people who ask why. A record keeps the last `maxHistory` of its generation. */
const attemptNote = once(() => z.strictObject({
  owner: z.string(),
  startedAt: timestamp(),
  endedAt: timestamp(),
  ended: z.enum(['completed', 'retry', 'failed', 'cancelled', 'released', 'lost']),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** The last lines that the attempt logged. */
  logTail: z.array(z.string()),
}));
export type AttemptNote = z.infer<ReturnType<typeof attemptNote>>;

/** Attempts that a record remembers, and lines that each of them keeps. */
export const maxHistory = 10;
export const maxLogTail = 20;

const jobRecord = once(() => z.strictObject({
  schemaVersion: z.literal(recordSchemaVersion),
  /** `mj_` and 26 characters of base32, from the first 130 bits of `digest`. */
  id: z.string().regex(/^mj_[a-z2-7]{26}$/),
  /** The whole identity: sha256 over operation, version, namespace, options, input digests and facts. */
  digest: sha256(),
  namespace: z.string(),
  /** The reset era that the record belongs to; one of an older epoch is as good as none. */
  epoch: z.string().min(1),
  operation: z.string().min(1),
  operationVersion: count(),
  state: z.enum(jobStates),
  /** 1 for the first run of this identity, one more for each re-run. */
  generation: z.number().int().positive(),
  /**
   * Dispatch number: raised whenever the job enters the line again. It starts at the time of the first dispatch, so
   * that a job that is submitted again after its record is gone never repeats one.
   */
  sequence: count(),
  priority: z.number().int(),
  policy: policy(),
  /** Charged attempts of this generation; the one that runs is among them. */
  attempts: count(),
  /** Retries of this generation that were not charged, because store, disk or the like was away. */
  refunds: count(),
  /** Claims that were lost in this generation. */
  losses: count(),
  /** The canonical input with its file fields taken out. */
  options: z.record(z.string(), z.unknown()),
  inputs: z.array(inputFile()),
  /**
   * Folder of the inputs, relative to the work folder. Null once the job is completed or cancelled; a failed job keeps
   * it for redrive.
   */
  inputFolder: relativePath().nullable(),
  claim: claim().nullable(),
  cancelRequested: z.boolean(),
  /** 0..1, never falling within a generation. */
  progress: z.number().min(0).max(1),
  phase: z.string(),
  /** What the operation returned. */
  output: z.unknown().optional(),
  artifacts: z.array(artifact()),
  /** Folder of the artifacts, relative to the work folder. */
  outputFolder: relativePath().nullable(),
  /** Of the last attempt that went wrong; null again when the job completes or is cancelled. */
  error: serializedError().nullable(),
  /** Null when it is none. */
  deadLetter: z.enum(deadLetterReasons).nullable(),
  /** Attempts of this generation that have ended, oldest first. */
  history: z.array(attemptNote()),
  correlationId: z.string().nullable(),
  usage: usage().nullable(),
  createdAt: timestamp(),
  /** Start of this generation. */
  queuedAt: timestamp(),
  /** First claim of this generation. */
  startedAt: timestamp().nullable(),
  /** The last write; of a queued job, when it entered the line. */
  updatedAt: timestamp(),
  /** When a `retrying` job is due. */
  retryAt: timestamp().nullable(),
  endedAt: timestamp().nullable(),
  /** `endedAt` plus `policy.ttlMs`; null until the job ends. */
  expiresAt: timestamp().nullable(),
  /** Drawn by `takeExpired`; whoever purges must show it. */
  takeToken: z.string().nullable(),
}));
/** One job as a store keeps it. All times are milliseconds since 1970 by the store's clock. */
export const jobRecordSchema = builtWhenUsed(jobRecord);
export type JobRecord = z.infer<typeof jobRecordSchema>;

/** The states in which a job has ended and its result or error stands. */
export function hasEnded(state: JobState): state is 'completed' | 'failed' | 'cancelled' {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
