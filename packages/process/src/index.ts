export type { ProcessControls, ProcessUsage } from './controls.ts';
