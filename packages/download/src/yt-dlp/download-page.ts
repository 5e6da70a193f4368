import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, publishFile, removePath, requireDiskSpace } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { runProgram, type ProgramResult } from '@media-jobs/process';
import type { Downloaded, DownloadRequest } from '../downloader.ts';
import { endingFor, typeForEnding } from '../media-type.ts';
import { openGuardProxy } from '../network/guard-proxy.ts';
import type { NetworkGuard } from '../network/network-guard.ts';
import type { ResolvedDownloaderOptions } from '../options.ts';
import { ytDlpArguments } from './arguments.ts';
import { OutputReader } from './output-lines.ts';
import { pageError, silentError } from './page-errors.ts';

/** Where it works; its files are looked for here and nowhere else, whatever it says. */
const workName = 'yt-dlp';
/** Before the first byte it asks the site several times. */
const firstStallFactor = 3;

/** The video of a page, by yt-dlp in a child process. Throws as `Downloader.download` says. */
export async function downloadPage(request: DownloadRequest, options: ResolvedDownloaderOptions, guard: NetworkGuard): Promise<Downloaded> {
  const { address, folder } = request;
  const work = join(folder, workName);
  const shownUrl = `${address.url.origin}${address.url.pathname}`;
  await mkdir(work, { mode: 0o700 });
  try {
    const reader = new OutputReader();
    const { stdoutTail } = await run({ ...request, folder: work }, options, guard, reader, shownUrl);
    const file = await onlyFile(work, stdoutTail, shownUrl, options.maxBytes);
    const name = `media.${endingFor(null, file)}`;
    await publishFile(join(work, file), join(folder, name));
    const { bytes, sha256 } = await hashFile(join(folder, name), request.signal === undefined ? {} : { signal: request.signal });
    const { title, source } = reader.info;
    return Object.freeze({ path: join(folder, name), name, bytes, sha256, mediaType: typeForEnding(name.slice('media.'.length)), via: 'yt-dlp', source: address.source ?? source, title });
  } finally {
    await removePath(work, { root: folder });
  }
}

async function run({ address, quality, folder, onProgress, signal, kill, onUsage, logger }: DownloadRequest, options: ResolvedDownloaderOptions, guard: NetworkGuard, reader: OutputReader, shownUrl: string): Promise<ProgramResult> {
  const { ytDlp, maxBytes, timeoutMs, stallTimeoutMs, reserveBytes, clock } = options;
  if (ytDlp === false) throw new MediaJobError('PROGRAM_NOT_FOUND', { message: `Expected yt-dlp for ${shownUrl}, got a downloader without it.`, advice: 'Leave `ytDlp` at its default, or give the address of the file itself.', facts: { command: 'yt-dlp' } });
  await using proxy = await openGuardProxy(guard);
  try {
    return await runProgram({
      command: ytDlp,
      args: ytDlpArguments({ url: address.url, quality, folder, maxBytes, proxyUrl: proxy.url, socketTimeoutSeconds: Math.ceil(stallTimeoutMs / 1_000) }),
      cwd: folder,
      env: { ...withoutProxies, YTDLP_NO_PLUGINS: '1', HOME: folder, TMPDIR: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
      timeoutMs,
      stall: { timeoutMs: stallTimeoutMs, firstTimeoutMs: firstStallFactor * stallTimeoutMs },
      // Its word is for the eyes; what lies on the disk is the sign, and what counts.
      sample: async () => {
        const bytes = await measure(folder, maxBytes, shownUrl);
        await requireDiskSpace(folder, { bytes: 0, reserveBytes });
        return bytes;
      },
      onStdoutLine: (line) => {
        const progress = reader.read(line);
        if (progress !== null && progress.bytes > maxBytes) throw tooLarge(shownUrl, maxBytes);
        if (progress !== null) onProgress?.(progress);
      },
      onStderrLine: () => undefined,
      clock,
      logger: logger ?? options.logger,
      ...(signal === undefined ? {} : { signal }), ...(kill === undefined ? {} : { kill }), ...(onUsage === undefined ? {} : { onUsage }),
    });
  } catch (thrown) {
    const error = MediaJobError.from(thrown);
    // It wraps what the proxy refused into words of its own.
    throw error.code === 'PROGRAM_FAILED' && proxy.refusal !== undefined ? proxy.refusal : pageError(error, shownUrl);
  }
}

/** A proxy of the machine would go round ours. */
const withoutProxies = Object.fromEntries(['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [[name, undefined], [name.toUpperCase(), undefined]]));

/** Bytes in its folder. Throws `INPUT_TOO_LARGE`. */
async function measure(folder: string, maxBytes: number, shownUrl: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    // What goes away while it is looked at counts no more.
    const stats = await lstat(join(folder, name)).catch(() => null);
    sum += stats?.isFile() === true ? stats.size : 0;
  }
  // Picture and sound lie there a second time while they are being joined.
  if (sum > 2 * maxBytes) throw tooLarge(shownUrl, maxBytes);
  return sum;
}

/** The one regular file that it left under the name that it was given. A link, several, or none are not what was asked for. */
async function onlyFile(work: string, stdoutTail: string, shownUrl: string, maxBytes: number): Promise<string> {
  const entries = await readdir(work, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /^media\.\w{1,5}$/.test(entry.name)).map(({ name }) => name);
  const [file] = files;
  if (file === undefined || files.length > 1) throw silentError(stdoutTail, shownUrl);
  const { size } = await lstat(join(work, file));
  if (size === 0) throw silentError('', shownUrl);
  if (size > maxBytes) throw tooLarge(shownUrl, maxBytes);
  return file;
}

function tooLarge(shownUrl: string, maxBytes: number): MediaJobError {
  return new MediaJobError('INPUT_TOO_LARGE', { message: `Expected at most ${maxBytes} bytes from ${shownUrl}, got more.`, advice: 'Ask for a lower quality, or raise `maxBytes`.', facts: { url: shownUrl, maxBytes } });
}
