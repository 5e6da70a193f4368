import { z } from 'zod';

/** A part of speech as it goes over the channel; times in milliseconds, text as the model wrote it. */
const wireSegment = z.strictObject({ startMs: z.number().finite(), endMs: z.number().finite(), text: z.string() });
export type WireSegment = z.infer<typeof wireSegment>;

/** What the child is asked. `probe` loads the addon alone; `load` the model too; then one `transcribe` at a time. */
export const addonRequestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('probe'), variant: z.string() }),
  z.strictObject({ type: z.literal('load'), variant: z.string(), modelFile: z.string(), useGpu: z.boolean().optional() }),
  z.strictObject({
    type: z.literal('transcribe'),
    id: z.number().int(),
    wavFile: z.string(),
    /** Where the samples lie in the file. */
    dataOffset: z.number().int().nonnegative(),
    dataBytes: z.number().int().nonnegative(),
    language: z.string(),
    translate: z.boolean(),
    threads: z.number().int().positive(),
    prompt: z.string().optional(),
  }),
]);
export type AddonRequest = z.infer<typeof addonRequestSchema>;

/** What the child has cost so far, by its own account, which is exact. */
const cost = { cpuMs: z.number().nonnegative(), peakRssBytes: z.number().nonnegative() };

/** What the child answers. Anything else on the channel is a fault. */
export const addonAnswerSchema = z.discriminatedUnion('type', [
  /** The addon is loaded, and the model, if one was asked for. `variant` is what was really loaded. */
  z.strictObject({ type: z.literal('ready'), variant: z.string(), version: z.string(), ...cost }),
  /** Once a second: the child is not stopped, whatever the engine does. */
  z.strictObject({ type: z.literal('alive'), ...cost }),
  z.strictObject({ type: z.literal('progress'), id: z.number().int(), ratio: z.number().min(0).max(1) }),
  z.strictObject({ type: z.literal('segments'), id: z.number().int(), segments: z.array(wireSegment) }),
  z.strictObject({
    type: z.literal('result'),
    id: z.number().int(),
    segments: z.array(wireSegment),
    language: z.string(),
    languageProbability: z.number().min(0).max(1).optional(),
    ...cost,
  }),
  z.strictObject({
    type: z.literal('failed'),
    /** Null while loading. */
    id: z.number().int().nullable(),
    reason: z.enum(['addon-missing', 'variant-missing', 'model-refused', 'input-changed', 'engine-failed', 'bad-request']),
    detail: z.string(),
  }),
]);
export type AddonAnswer = z.infer<typeof addonAnswerSchema>;
