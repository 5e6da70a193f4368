import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { OutputStream } from './text-output.ts';

/** Where answers are read from: the standard input of the process. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/**
 * Asks on a terminal and resolves with the line that was typed; empty when the input ended without one. Nothing where nobody
 * can be asked, because input or output is no terminal. An abort ends the question with the signal's reason.
 */
export function createAsk(input: InputStream | undefined, output: OutputStream, signal: AbortSignal): ((question: string) => Promise<string>) | undefined {
  if (input?.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input, output, terminal: false });
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    try {
      return await Promise.race([lines.question(question, { signal }), ended]);
    } finally {
      lines.close();
      input.pause();
    }
  };
}
