import { open } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { speechSampleRate } from '../arguments.ts';
import { readWavFacts, wavHeaderBytes } from '../wav.ts';

const bytesPerSample = 2;

/** Reads the finished file back: its size and its header must be those of `samples` samples, at least one. Throws `EMPTY_OUTPUT`. */
export async function verifySpeech(path: string, samples: number): Promise<void> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const facts = await readWavFacts(file);
  const dataBytes = samples * bytesPerSample;
  const whole = samples > 0 && size === wavHeaderBytes + dataBytes && facts?.declaredBytes === dataBytes && facts.sampleRate === speechSampleRate && facts.channels === 1;
  if (whole) return;
  throw new MediaJobError('EMPTY_OUTPUT', {
    message: `Expected ${JSON.stringify(path)} to hold ${samples} samples, got ${size} bytes with ${facts?.declaredBytes ?? 'no'} bytes of samples declared.`,
    advice: 'The disk or its file system lost what was written; look into its log.',
    facts: { path, samples, size },
  });
}
