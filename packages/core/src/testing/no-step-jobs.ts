import { MediaJobError } from '@media-jobs/foundation';
import type { StepJobs } from '../ports/step-jobs.ts';

const refuse = (operation: string): Promise<never> => Promise.reject(new MediaJobError('UNKNOWN_OPERATION', { message: `Expected an attempt that asks for no other job, got a wish for ${JSON.stringify(operation)}.`, advice: 'Run the operation in media jobs.' }));

/** For attempts that are made by hand: they have no other jobs to ask for. */
export const noStepJobs: StepJobs = Object.freeze({ closing: new AbortController().signal, submit: refuse, find: refuse, pause: () => refuse('a pause') });
