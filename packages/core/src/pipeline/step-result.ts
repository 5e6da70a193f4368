import { MediaJobError } from '@media-jobs/foundation';
import type { StepFile, StepJob } from '../ports/step-jobs.ts';
import type { PipelineStep, StepResult } from './pipeline-types.ts';

/** A step that is done. */
export interface DoneStep {
  readonly result: StepResult;
  /** What stands in the result of the pipeline: the output as the operation returned it, since whoever reads it parses it. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** Reads a completed job. Throws `JOB_EXPIRED` when it has just gone. */
export async function readStep({ name }: PipelineStep, job: StepJob): Promise<DoneStep> {
  const { id: jobId, cached } = job;
  const { generation, output: stored } = await job.record();
  const [output, files] = [await job.result(), await job.files()];
  const result: StepResult = Object.freeze({ jobId, generation, cached, output, files, file: (wanted?: string) => pathOf(name, files, wanted) });
  return { result, report: { jobId, generation, cached, output: stored } };
}

/** The steps that are done, as a step after them sees them. */
export function beforeOf(input: unknown, done: ReadonlyMap<string, DoneStep>): Parameters<PipelineStep['input']>[0] {
  return Object.freeze({ ...Object.fromEntries(Array.from(done, ([name, { result }]) => [name, result])), input }) as Parameters<PipelineStep['input']>[0];
}

/** Files that steps may hand on without their being read again. */
export function filesOf(done: ReadonlyMap<string, DoneStep>): readonly StepFile[] {
  return Array.from(done.values()).flatMap(({ result }) => Object.values(result.files));
}

function pathOf(step: string, files: Readonly<Record<string, StepFile>>, wanted: string | undefined): string {
  const names = Object.keys(files);
  const name = wanted ?? (names.length === 1 ? names[0] : undefined);
  const file = name === undefined ? undefined : files[name];
  if (file !== undefined) return file.path;
  throw new MediaJobError('EMPTY_OUTPUT', {
    message: `Expected step \`${step}\` to have made ${wanted === undefined ? 'one file' : JSON.stringify(wanted)}, got ${names.length === 0 ? 'none' : names.join(', ')}.`,
    advice: 'Correct the name in the definition of the pipeline.',
    facts: { step, files: names },
  });
}
