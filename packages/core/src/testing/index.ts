export { createFakeClock, fakeClockStart, type FakeClock } from './fake-clock.ts';
export { collectLogs, type LogCollector, type LogLine } from './collect-logs.ts';
export { scriptedOperation, type AttemptScript, type ScriptedCall, type ScriptedOperation, type ScriptedOperationOptions, type ScriptStep } from './scripted-operation.ts';
export { noStepJobs } from './no-step-jobs.ts';
