import { join } from 'node:path';
import { withLock } from '@media-jobs/cleanup';
import { defineOperation, type Attempt, type Operation } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { Downloader } from './downloader.ts';
import { mediaAddress } from './media-address.ts';
import { qualities } from './options.ts';

/** One spelling for each address, so that the same video is the same job. */
function canonicalUrl(text: string, context: z.RefinementCtx): string {
  try {
    return mediaAddress(text).url.href;
  } catch (error) {
    // The text itself may hold a password.
    context.addIssue({ code: 'custom', message: MediaJobError.from(error).message, input: text.replace(/\/\/[^/]*@/, '//…@') });
    return z.NEVER;
  }
}

/** What a job of `download` is given. */
export const downloadInput = z.strictObject({
  /** Of a media file or of a video page: `http:` or `https:`, without user and password. A bare YouTube id will do. */
  url: z.string().min(1).max(8_192).transform(canonicalUrl),
  /** Of a video page; a media file is what it is. */
  quality: z.enum(qualities).default('best'),
});

/** What a job of `download` returns. Its one file is `media.` and an ending. */
export const downloadOutput = z.object({
  /** Name of the file. */
  file: z.string(),
  bytes: z.number().int().positive(),
  sha256: z.string(),
  mediaType: z.string(),
  via: z.enum(['direct', 'yt-dlp']),
  /** Site and video where they are known. */
  source: z.string().nullable(),
  title: z.string().nullable(),
});

/** What the operation works with. */
export interface DownloadOperationOptions {
  readonly downloader: Downloader;
}

/** Limits of an attempt, as the downloader of the original had them. */
const [softTimeoutMs, hardTimeoutMs] = [1_800_000, 2_400_000];
/** The network is the bottleneck, and sites dislike more. */
const concurrency = 2;

/** The operation `download`: the media file of an address. Its identity is the address in its one spelling, and the quality. */
export function downloadOperation({ downloader }: DownloadOperationOptions): Operation<'download', typeof downloadInput, typeof downloadOutput> {
  return defineOperation({
    name: 'download',
    version: 1,
    input: downloadInput,
    output: downloadOutput,
    limits: { softTimeoutMs, hardTimeoutMs, concurrency },
    checkpoints: true,
    healthChecks: downloader.healthChecks,
    run: (input, attempt) => run(downloader, input, attempt),
  });
}

async function run(downloader: Downloader, { url, quality }: z.output<typeof downloadInput>, attempt: Attempt): Promise<z.input<typeof downloadOutput>> {
  attempt.report({ ratio: 0, phase: 'downloading' });
  const unfinished = attempt.checkpointFolder ?? attempt.tempFolder;
  // A claim that was lost may write for a moment still.
  const downloaded = await withLock(join(unfinished, 'lock'), { signal: attempt.signal }, ({ signal }) => downloader.download(url, {
    ...attempt.controls,
    signal,
    folder: attempt.artifacts.folder,
    partFile: join(unfinished, 'media.part'),
    quality,
    onProgress: ({ ratio }) => attempt.report({ ratio: ratio ?? 0, phase: 'downloading' }),
  }));
  const { name, bytes, sha256, mediaType, via, source, title } = downloaded;
  await attempt.artifacts.add(name, mediaType);
  return { file: name, bytes, sha256, mediaType, via, source, title };
}
