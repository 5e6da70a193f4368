export { createBullmqQueue, type BullmqQueue } from './bullmq-queue.ts';
export { bullmqQueueDefaults, type BullmqQueueOptions, type FleetLimit } from './options.ts';
export { createSchedule, type Schedule, type ScheduleOptions } from './schedule.ts';
