import type { StepJobs } from '../ports/step-jobs.ts';
import type { PipelineStep } from './pipeline-types.ts';
import { beforeOf, filesOf, readStep, type DoneStep } from './step-result.ts';

/** The job of a cancelled pipeline whose step runs elsewhere is not waited for. */
const atOnce = AbortSignal.abort();

/**
 * Finds the step that a pipeline had come to, by working the inputs out again from what is done, and gives it up: for a pipeline that
 * was cancelled while nobody worked on it.
 */
export async function abandonSteps(steps: readonly PipelineStep[], input: unknown, jobs: StepJobs): Promise<void> {
  const done = new Map<string, DoneStep>();
  for (const step of steps) {
    const job = await jobs.find(step.operation.name, step.input(beforeOf(input, done)), filesOf(done));
    if (job === null) return;
    try {
      const { state } = await job.record();
      if (state !== 'completed') return await job.abandon(atOnce);
      done.set(step.name, await readStep(step, job));
    } finally {
      job.leave();
    }
  }
}
