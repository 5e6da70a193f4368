export { createMediaJobs, type AnyMediaJobs, type InputOf, type MediaJobs, type MediaJobsStats, type OutputOf, type SubmitOptions } from './media-jobs.ts';
export { mediaJobsDefaults, type MediaJobsOptions } from './options.ts';
export { defineOperation } from './operation/define-operation.ts';
export { inputFile, inputFileFields } from './operation/input-file.ts';
export { createProcessQueue, type ProcessQueueOptions } from './memory/process-queue.ts';
export { defaultLimits } from './resilience/limits.ts';
export { breakerDefaults, createBreaker, speaksAgainstService, type Breaker, type BreakerOptions, type BreakerState } from './resilience/breaker.ts';
export type { CancelOutcome, Job, JobFile } from './run/job-handle.ts';
export type { JobEvent } from './run/job-event-stream.ts';
export type { WaitOptions } from './run/wait.ts';
export type { CleanupReport } from './run/cleanup-loop.ts';
export type { RunnerStats } from './run/runner.ts';
export { recordSchemaVersion, jobStates, deadLetterReasons, hasEnded, maxHistory, maxLogTail, jobRecordSchema, inputFileSchema, artifactSchema } from './job/job.ts';
export type { Artifact, AttemptNote, Claim, DeadLetterReason, InputFile, JobPolicy, JobRecord, JobState, JobUsage } from './job/job.ts';
export { moves, destination, isLegalMove, type JobPlace, type Move } from './job/transitions.ts';
export { applyRedrive, applySubmit, queueFullRetryAfterMs, type SubmitContext } from './job/submit-move.ts';
export { applyBeat, applyClaim, applyLapse, applyRelease, hasLapsed, isPresentDispatch, type AppliedBeat, type NewClaim } from './job/claim-moves.ts';
export { applyCommit, maxRefunds } from './job/commit-move.ts';
export { applyCancel, applyTake, applyWake, asRead, bytesOf, expiryDueAt, mayPurge, takeAgainAfterMs, type AppliedCancel } from './job/end-moves.ts';
export { checkPageLimit, comparePlaces, decodeCursor, encodeCursor, maxPageLimit, type PagePlace } from './job/page-cursor.ts';
export { readRecord, recordUpgrades, type ReadRecord, type RecordUpgrade } from './job/record.ts';
export { canonicalJson } from './job/canonical-json.ts';
export { jobIdentity, type IdentityParts, type JobIdentity } from './job/identity.ts';
export { newEpoch, newToken } from './job/epoch.ts';
export { freezeDeep } from './job/plain-data.ts';
export { createMemoryStore, type MemoryStoreOptions } from './memory/memory-store.ts';
export type {
  ClaimKey, ClaimRequest, ClaimedJob, CommitReply, DueJob, DueKind, DueRequest, Heartbeat, HeartbeatReply, JobFilter, JobPage, JobPointer, LookupKind,
  OperationStats, Outcome, PageRequest, SharedSettings, StoreCapabilities, StoreChange, StoreStats, SubmitOutcome, SubmitRequest, TakenJob,
} from './ports/store-messages.ts';
export type { JobStore, StoreReopening } from './ports/job-store.ts';
export type { Dispatch, DispatchHandler, JobQueue, QueueCapabilities } from './ports/job-queue.ts';
export type { AudioInfo, Speech, SpeechSource, SpeechSourceOptions } from './ports/speech-source.ts';
export type { Engine, EngineCapabilities, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt, Segment, Word } from './ports/engine.ts';
export type { HealthCheck, HealthReport } from './ports/health-check.ts';
export type { ArtifactFolder, Attempt, Operation, OperationLimits } from './ports/operation.ts';
export { lifetimeDefaults, lifetimePresets, maxCleanupIntervalMinutes, maxTtlHours, resolveLifetime } from './presets.ts';
export type { Lifetime, LifetimeOptions, LifetimePreset, LifetimeValues, ValueSource } from './presets.ts';
export { configFromEnv, defaultRedisUrl, type ConfigFromEnvOptions, type Environment, type EnvironmentConfig } from './config-from-env.ts';
