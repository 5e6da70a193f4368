export { appliesTo, type ConformanceCase, type JobQueueHarness, type JobStoreHarness, type SharedQueueHarness } from './harness.ts';
export { inTurn } from './in-turn.ts';
export { jobStoreCases } from './job-store-cases.ts';
export { jobQueueCases } from './job-queue-cases.ts';
export { sharedQueueCases } from './shared-queue-cases.ts';
export { brokenStores, type BrokenStore } from './broken-stores.ts';
export { brokenQueues, brokenSharedQueues, type BrokenQueue } from './broken/broken-queues.ts';
export { engineCaseApplies, engineCases, type EngineCase, type EngineHarness } from './engine-cases.ts';
export { brokenEngines, type BrokenEngine } from './broken/broken-engines.ts';
