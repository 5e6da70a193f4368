import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import { defineOperation } from '../operation/define-operation.ts';
import type { Operation, OperationLimits } from '../ports/operation.ts';
import { abandonSteps } from './abandon-steps.ts';
import type { Before, NoSteps, PipelineOutput, PipelineStep, StepMaker, StepOutputs } from './pipeline-types.ts';
import { runPipeline } from './run-pipeline.ts';

/** What a pipeline is, besides its steps. */
export interface PipelineDefinition<Name extends string, Input extends z.ZodType> {
  readonly name: Name;
  /** Part of the identity: raise it when the same input gives another result. Names and versions of the steps are part of it by themselves. */
  readonly version: number;
  readonly input: Input;
  /** Default: 24 and 25 hours, since steps have limits of their own and may wait in line; 100 at a time, which only wait; 100 in line. */
  readonly limits?: Partial<Omit<OperationLimits, 'maxAttempts'>>;
  /**
   * What else the result depends on: what the steps' own `identityFacts` say and the input does not, such as the sha256 of a model.
   * Without it a pipeline that was completed with another model is answered from the cache.
   */
  identityFacts?(input: z.output<Input>): Promise<Readonly<Record<string, unknown>>>;
}

/** Options of one step. */
export interface StepOptions {
  /** Its share of the progress, against that of the others. Default 1. */
  readonly weight?: number;
}

/** A pipeline that is being put together. Each call gives a new one. */
export interface PipelineBuilder<Name extends string, Input extends z.ZodType, Steps extends StepOutputs> {
  /**
   * Adds a step. `input` makes the input of its operation from the pipeline's input and from the steps before, and gives the same
   * for the same: it may be called again. Throws `INVALID_OPTION`.
   */
  step<const StepName extends string, StepInput extends z.ZodType, StepOutput extends z.ZodType>(
    name: StepName,
    operation: Operation<string, StepInput, StepOutput>,
    input: StepMaker<Before<Input, Steps>, StepInput>,
    options?: StepOptions,
  ): PipelineBuilder<Name, Input, Steps & Readonly<Record<StepName, StepOutput>>>;
  /** The pipeline as an operation: submit it as any other. Throws `INVALID_OPTION` where it has no step. */
  build(): Operation<Name, Input, PipelineOutput<Steps>>;
}

const hourMs = 3_600_000;

/**
 * Begins a pipeline: typed steps, each a job of its own that is known by its content. A pipeline is itself a job; it asks for
 * its steps one after the other. A step that is done is answered from the cache, one that somebody else runs is joined, and one that
 * failed or was lost runs again: a pipeline that is submitted again, or whose worker died, goes on where it was.
 *
 * It returns what each step returned, and owns the files of the last one. It fails with the error of the step that failed,
 * and its facts name step and job.
 */
export function definePipeline<const Name extends string, Input extends z.ZodType>(definition: PipelineDefinition<Name, Input>): PipelineBuilder<Name, Input, NoSteps> {
  return builder(definition, []);
}

function builder<Name extends string, Input extends z.ZodType, Steps extends StepOutputs>(definition: PipelineDefinition<Name, Input>, steps: readonly PipelineStep[]): PipelineBuilder<Name, Input, Steps> {
  return Object.freeze({
    step(name, operation, input, { weight = 1 } = {}) {
      checkStep(name, weight, steps);
      // The types of the steps are known to the compiler alone; at run time their schemas check.
      return builder(definition, [...steps, { name, operation, input: input as PipelineStep['input'], weight }]);
    },
    build: () => build<Name, Input, Steps>(definition, steps),
  } satisfies PipelineBuilder<Name, Input, Steps>);
}

/** It also names a field of the result; `input` is taken. */
const stepName = /^(?!input$)[a-z][A-Za-z0-9]{0,31}$/;

function checkStep(name: string, weight: number, before: readonly PipelineStep[]): void {
  if (!stepName.test(name)) throw refusal('name', 'a name in letters and digits that begins with a small one, and not `input`', name);
  if (before.some((step) => step.name === name)) throw refusal('name', 'a name that no step before has', name);
  if (!(weight > 0 && weight < Infinity)) throw refusal('weight', 'a number above 0', weight);
}

function build<Name extends string, Input extends z.ZodType, Steps extends StepOutputs>(definition: PipelineDefinition<Name, Input>, steps: readonly PipelineStep[]): Operation<Name, Input, PipelineOutput<Steps>> {
  if (steps.length === 0) throw refusal('steps', 'at least one step', 'none');
  const { name, version, input, limits } = definition;
  const report = (step: PipelineStep) => z.object({ jobId: z.string(), generation: z.number(), cached: z.boolean(), output: step.operation.output });
  const output = z.object(Object.fromEntries(steps.map((step) => [step.name, report(step)]))) as unknown as PipelineOutput<Steps>;
  return defineOperation<Name, Input, PipelineOutput<Steps>>({
    name, version, input, output,
    // A step has attempts of its own; once it has failed for good, so has the pipeline.
    limits: { softTimeoutMs: 24 * hourMs, hardTimeoutMs: 25 * hourMs, concurrency: 100, maxWaiting: 100, ...limits, maxAttempts: 1 },
    uses: [...new Set(steps.map(({ operation }) => operation))],
    healthChecks: [...new Set(steps.flatMap(({ operation }) => operation.healthChecks ?? []))],
    identityFacts: async (given) => ({ ...(await definition.identityFacts?.(given)), steps: steps.map(({ name: step, operation }) => [step, operation.name, operation.version]) }),
    run: async (given, attempt) => (await runPipeline(steps, given, attempt)) as z.input<PipelineOutput<Steps>>,
    onCancelled: (given, jobs) => abandonSteps(steps, given, jobs),
  });
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`, advice: 'Correct the definition of the pipeline.', facts: { option, value: String(value) } });
}
