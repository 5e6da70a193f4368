import { systemClock } from '@media-jobs/foundation';
import { createAsk, type InputStream } from './ask.ts';
import { listenForInterrupts, type SignalledProcess } from './interrupts.ts';
import { main } from './main.ts';
import { textOutput, type OutputStream } from './text-output.ts';

/** The parts of `process` that the command line needs. */
export interface CommandProcess extends SignalledProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin?: InputStream;
  exitCode?: number | string | null | undefined;
}

/**
 * Runs one command and sets the exit code of the process. `words` stand after the program's name; default: those of the
 * process. The first signal ends the command in order, a later one at once. For the bin of this package, or one of yours.
 */
export async function runInProcess(host: CommandProcess, words: readonly string[] = host.argv.slice(2)): Promise<void> {
  using interrupts = listenForInterrupts(host, systemClock);
  const ask = createAsk(host.stdin, host.stderr, interrupts.signal);
  host.exitCode = await main(words, {
    stdout: textOutput(host.stdout),
    stderr: textOutput(host.stderr),
    environment: host.env,
    clock: systemClock,
    signal: interrupts.signal,
    ...(ask === undefined ? {} : { ask }),
  });
}
