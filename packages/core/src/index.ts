export { recordSchemaVersion, jobStates, hasEnded, jobRecordSchema, inputFileSchema, artifactSchema } from './job/job.ts';
export type { Artifact, Claim, InputFile, JobPolicy, JobRecord, JobState, JobUsage } from './job/job.ts';
export type {
  ClaimKey, ClaimRequest, ClaimedJob, CommitReply, DueJob, DueKind, DueRequest, Heartbeat, HeartbeatReply, JobFilter, JobPage, JobPointer,
  OperationStats, Outcome, PageRequest, SharedSettings, StoreCapabilities, StoreChange, StoreStats, SubmitOutcome, SubmitRequest, TakenJob,
} from './ports/store-messages.ts';
export type { JobStore } from './ports/job-store.ts';
export type { Dispatch, DispatchHandler, JobQueue } from './ports/job-queue.ts';
export type { AudioInfo, Speech, SpeechSource, SpeechSourceOptions } from './ports/speech-source.ts';
export type { Engine, EngineCapabilities, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt, Segment, Word } from './ports/engine.ts';
export type { HealthCheck, HealthReport } from './ports/health-check.ts';
export type { ArtifactFolder, Attempt, Operation, OperationLimits } from './ports/operation.ts';
