import type { Clock, Timer } from '@media-jobs/foundation';
import type { TextOutput } from './command.ts';

/** How far a job is. */
export interface ProgressState {
  /** 0..1 */
  readonly ratio: number;
  readonly phase: string;
}

/** A line on a terminal that shows phase, share and elapsed time, and is gone when it is disposed. */
export interface ProgressBar extends AsyncDisposable {
  update(state: ProgressState): void;
}

const redrawMs = 200;
const barWidth = 30;
const eraseLine = '\r\u001b[K';

/** Draws on `output` when that is a terminal; elsewhere it stays silent. */
export function createProgressBar({ output, clock, begunAt = clock.monotonic() }: { readonly output: TextOutput; readonly clock: Clock; readonly begunAt?: number }): ProgressBar {
  if (!output.isTerminal) return { update: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  let state: ProgressState = { ratio: 0, phase: '' };
  let timer: Timer | undefined;
  let written: Promise<void> = Promise.resolve();
  let drawn = false;

  const write = (text: string): void => {
    written = written.then(() => output.write(text));
  };
  const draw = (): void => {
    drawn = true;
    write(eraseLine + progressLine(state, clock.monotonic() - begunAt, output.columns));
    timer = clock.after(redrawMs, draw);
  };
  return {
    update(next) {
      const isNewPhase = next.phase !== state.phase;
      state = next;
      if (!isNewPhase && timer !== undefined) return;
      timer?.cancel();
      draw();
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      if (drawn) write(eraseLine);
      await written;
    },
  };
}

/** The line itself, never wider than the terminal. */
export function progressLine({ ratio, phase }: ProgressState, elapsedMs: number, columns: number): string {
  const filled = Math.round(ratio * barWidth);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`;
  const share = `${String(Math.floor(ratio * 100)).padStart(3)} %`;
  return `${phase.padEnd(12)} ${bar} ${share}  ${elapsed(elapsedMs)}`.slice(0, Math.max(0, columns - 1));
}

function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
