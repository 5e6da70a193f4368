import type { Workbench } from './workbench.ts';

/**
 * A program that answers as the real ffmpeg does when asked for its version and filters, and as `body` (a shell script)
 * says when asked for anything else.
 */
export function fakeProgram(bench: Workbench, program: 'ffmpeg' | 'ffprobe', name: string, body: string): string {
  return bench.script(name, `#!/bin/sh\nif [ "$1" = -version ]; then echo "${program} version 7.1-fake Copyright (c) 2000-2026 the FFmpeg developers"; exit 0; fi\n${body}\n`);
}
