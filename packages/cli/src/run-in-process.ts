import { systemClock } from '@media-jobs/foundation';
import { listenForInterrupts, type SignalledProcess } from './interrupts.ts';
import { main } from './main.ts';
import { textOutput, type OutputStream } from './text-output.ts';

/** The parts of `process` that the command line needs. */
export interface CommandProcess extends SignalledProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  exitCode?: number | string | null | undefined;
}

/**
 * Runs the command line of a process and sets its exit code. The first signal ends the command in order, the second at
 * once. For the bin of this package, or one of your own.
 */
export async function runInProcess(host: CommandProcess): Promise<void> {
  using interrupts = listenForInterrupts(host, systemClock);
  host.exitCode = await main(host.argv.slice(2), {
    stdout: textOutput(host.stdout),
    stderr: textOutput(host.stderr),
    environment: host.env,
    clock: systemClock,
    signal: interrupts.signal,
  });
}
