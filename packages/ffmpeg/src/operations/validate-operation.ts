import { defineOperation, inputFile, type Operation } from '@media-jobs/core';
import { z } from 'zod';
import { mediaLimits, type MediaOperationOptions } from './single-operations.ts';

const validateInput = z.strictObject({
  file: inputFile(),
  /** Whether all sound is decoded. */
  decode: z.boolean().default(true),
});

const seconds = z.number().nonnegative();
const validateOutput = z.object({
  ok: z.boolean(),
  format: z.string(),
  bytes: z.number().int().positive(),
  durationSeconds: seconds.optional(),
  streams: z.array(
    z.object({
      index: z.number().int().nonnegative(),
      codec: z.string(),
      decodedSeconds: seconds,
      endSeconds: z.number(),
      declaredSeconds: seconds.optional(),
      missingSeconds: seconds,
      jumps: z.array(z.object({ atSeconds: z.number(), seconds: z.number() })),
    }),
  ),
  faults: z.array(z.object({ code: z.enum(['TRUNCATED', 'CORRUPT', 'EMPTY_OUTPUT']), message: z.string(), stream: z.number().optional(), atSeconds: z.number().optional() })),
  warnings: z.array(z.string()),
  untold: z.array(z.string()),
});

/** Beyond the time limit of decoding: for probing. */
const besidesMs = 60_000;

/** The operation `validate`: whether a media file is whole, all of it decoded. A broken file completes the job, with `ok: false`; no file results. */
export function validateOperation({ ffmpeg }: MediaOperationOptions): Operation<'validate', typeof validateInput, typeof validateOutput> {
  return defineOperation({
    name: 'validate',
    version: 1,
    input: validateInput,
    output: validateOutput,
    limits: mediaLimits,
    healthChecks: ffmpeg.healthChecks,
    run: async ({ file, decode }, attempt) => {
      const onTimeLimit = (timeoutMs: number): void => attempt.allow(timeoutMs + besidesMs);
      const { info, streams, faults, warnings, untold, ok } = await ffmpeg.validate(file, { ...attempt.controls, decode, onTimeLimit, onProgress: ({ ratio, phase }) => attempt.report({ ratio, phase }) });
      const { format, bytes, durationSeconds } = info;
      const copied = streams.map(({ jumps, ...stream }) => ({ ...stream, jumps: jumps.map((jump) => ({ ...jump })) }));
      return { ok, format, bytes, ...(durationSeconds === undefined ? {} : { durationSeconds }), streams: copied, faults: faults.map((fault) => ({ ...fault })), warnings: [...warnings], untold: [...untold] };
    },
  });
}
