import type { HealthCheck } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { runProgram } from '@media-jobs/process';

const timeoutMs = 10_000;

/** Asks yt-dlp for its version. One that nobody asked for by name may be missing: files are downloaded without it. */
export function ytDlpCheck(command: string, { isWanted }: { readonly isWanted: boolean }): HealthCheck {
  return Object.freeze({
    name: 'yt-dlp',
    async check(signal: AbortSignal) {
      try {
        const { stdoutTail } = await runProgram({ command, args: ['--ignore-config', '--version'], timeoutMs, signal });
        return { ok: true, detail: stdoutTail.trim().slice(0, 100) };
      } catch (error) {
        const { code, message } = MediaJobError.from(error);
        const isFine = code === 'PROGRAM_NOT_FOUND' && !isWanted;
        return { ok: isFine, detail: isFine ? 'not installed: media files only' : message, ...(isFine ? {} : { advice: 'Install yt-dlp, or pass `ytDlp: false`.' }) };
      }
    },
  });
}
