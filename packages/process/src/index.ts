export type { ProcessControls, ProcessUsage } from './controls.ts';
export { runProgram, type ProgramResult } from './run-program.ts';
export { runProgramDefaults, type ChunkListener, type LineListener, type RunProgramOptions } from './run-program-options.ts';
export { killOrders, type KillOrder } from './kill-order.ts';
export type { StallLimits } from './watchdog.ts';
export type { ParentDeath } from './parent-death.ts';
export { notHandedOn, type ChildEnvironment } from './child-environment.ts';
export { describeOwner, isOwnerAlive, ownerId, parseOwner, type Owner, type OwnerState } from './owner.ts';
