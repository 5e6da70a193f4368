import type { z } from 'zod';
import type { Operation } from '../ports/operation.ts';
import type { StepFile } from '../ports/step-jobs.ts';

/** What a step of a pipeline has come to, for the steps after it. */
export interface StepResult<Output = unknown> {
  readonly jobId: string;
  readonly generation: number;
  /** It was completed before the pipeline asked. */
  readonly cached: boolean;
  /** What its operation returned. */
  readonly output: Output;
  /** By name. */
  readonly files: Readonly<Record<string, StepFile>>;
  /** Path of the file of this name, to be given to a later step; without a name, of its only file. Throws `EMPTY_OUTPUT`. */
  file(name?: string): string;
}

/** Output schemas of steps by their names. */
export type StepOutputs = Readonly<Record<string, z.ZodType>>;

/** Before the first step. */
export type NoSteps = { readonly [Name in never]: z.ZodType };

/** What a step is made from: the input of the pipeline, and each step before it by its name. */
export type Before<Input extends z.ZodType, Steps extends StepOutputs> = { readonly input: z.output<Input> } & { readonly [Name in keyof Steps]: StepResult<z.output<Steps[Name]>> };

/**
 * Makes the input of a step. Conditional for the compiler's sake: so it looks at what the operation takes before it looks at the function, and
 * a text that is written there stays the literal that the schema asks for.
 */
export type StepMaker<Seen, StepInput extends z.ZodType> = StepInput extends z.ZodType ? (before: Seen) => z.input<StepInput> : never;

/** What a pipeline returns of one step. */
export type StepReportSchema<Output extends z.ZodType> = z.ZodObject<{ jobId: z.ZodString; generation: z.ZodNumber; cached: z.ZodBoolean; output: Output }>;

/** What a pipeline returns: each step by its name. */
export type PipelineOutput<Steps extends StepOutputs> = z.ZodObject<{ -readonly [Name in keyof Steps]: StepReportSchema<Steps[Name]> }>;

/** A step as it is run; the types are those of the builder. */
export interface PipelineStep {
  readonly name: string;
  readonly operation: Operation;
  readonly input: (before: Before<z.ZodType, StepOutputs>) => unknown;
  /** Its share of the progress, against that of the others. */
  readonly weight: number;
}
