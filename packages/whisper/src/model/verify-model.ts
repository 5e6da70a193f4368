import { createHash } from 'node:crypto';
import { MediaJobError } from '@media-jobs/foundation';
import { stampOf, type DigestCache } from './digest-cache.ts';
import type { KnownModel } from './known-models.ts';
import { ModelFile } from './model-info.ts';
import { missingModel } from './missing-model.ts';
import { modelPath } from './models-places.ts';
import { openModel } from './open-model.ts';

/** What reading a model from end to end has shown. */
export interface VerifiedModel {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether it is what was published, and a Whisper model. */
  readonly ok: boolean;
  /** The published facts that it was held against; empty when there are none. */
  readonly compared: readonly ('bytes' | 'sha256' | 'sha1')[];
  /** Why it is not ok. */
  readonly problem: string | null;
}

/** Controls of the reading. */
export interface VerifyControls {
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

/** Reads the whole file, whatever is remembered of it, and remembers what it found. */
export async function verifyModel({ folder, digests }: { readonly folder: string; readonly digests: DigestCache }, model: KnownModel, controls: VerifyControls): Promise<VerifiedModel> {
  const path = modelPath(folder, model);
  const { bytes, sha256, sha1 } = await readWhole(path, model, digests, controls);
  const got = { bytes, sha256, sha1 };
  const compared = (['bytes', 'sha256', 'sha1'] as const).filter((fact) => model[fact] !== undefined);
  const wrong = compared.find((fact) => String(model[fact]).toLowerCase() !== String(got[fact]));
  const problem = wrong === undefined ? await otherProblem(path) : `Expected ${wrong} ${model[wrong]}, got ${got[wrong]}.`;
  return Object.freeze({ name: model.name, path, bytes, sha256, ok: problem === null, compared, problem });
}

async function readWhole(path: string, { name }: KnownModel, digests: DigestCache, { signal, onBytes }: VerifyControls): Promise<{ bytes: number; sha256: string; sha1: string }> {
  await using model = await openModel(path, () => missingModel(path, name));
  const [sha256, sha1] = [createHash('sha256'), createHash('sha1')];
  let bytes = 0;
  const before = await model.handle.stat({ bigint: true });
  for await (const block of model.handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    for (const hash of [sha256, sha1]) hash.update(block as Buffer);
    bytes += (block as Buffer).length;
    onBytes?.(bytes);
  }
  const digest = sha256.digest('hex');
  const after = await model.handle.stat({ bigint: true });
  if (stampOf(before) === stampOf(after)) await digests.write(path, after, digest);
  return { bytes, sha256: digest, sha1: sha1.digest('hex') };
}

/** A file that nobody has published a checksum of may still be none of whisper.cpp. */
async function otherProblem(path: string): Promise<string | null> {
  try {
    await new ModelFile(path).check();
    return null;
  } catch (error) {
    return MediaJobError.from(error).message;
  }
}
