import { MediaJobError, type Clock } from '@media-jobs/foundation';
import type { ResetProgress, ResetRun } from './reset-options.ts';
import { addCounts } from './reset-report.ts';
import type { ResetTally } from './reset-tally.ts';
import type { ResetControls, ResetPhase } from './resettable.ts';

/** A target that does not end when its time is over is left behind after this. */
const graceMs = 2_000;

const progressEveryMs = 250;

/** How often `collect` is tried again for things that `count` finds and nothing accounts for: somebody was still writing. */
const collectAgain = 3;
const againAfterMs = 100;

/** Runs one phase for these targets, side by side. Never rejects: what fails stands in the tally. */
export async function runResetPhase(run: ResetRun, phase: ResetPhase, tallies: readonly ResetTally[], all: readonly ResetTally[]): Promise<void> {
  const sum = (): ReturnType<typeof addCounts> => addCounts(...all.map((tally) => tally.counts()));
  await Promise.all(tallies.map(async (tally) => {
    const act = actOf(run, phase, tally);
    if (act === undefined) return;
    const tell = (state: ResetProgress['state']): void => announce(run, { resetId: run.request.resetId, phase, target: tally.target.name, state, counts: sum() });
    const startedAt = run.clock.monotonic();
    tell('begins');
    const ended = await inTime(run, phase, tally, act, tell);
    tally.took(phase, run.clock.monotonic() - startedAt);
    tell(ended ? 'ends' : 'failed');
  }));
}

/** A listener's mistake must not cut the reset off half-way. */
function announce({ onProgress, logger }: ResetRun, progress: ResetProgress): void {
  try {
    onProgress(progress);
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error), resetId: progress.resetId }, 'A listener to the progress of a reset threw');
  }
}

function actOf({ clock }: ResetRun, phase: ResetPhase, tally: ResetTally): ((controls: ResetControls) => Promise<void>) | undefined {
  const { target } = tally;
  if (phase !== 'verify') return target[phase]?.bind(target);
  return async (controls) => {
    for (let again = 0; ; again += 1) {
      const remains = await target.count(controls);
      tally.remains(remains);
      if (remains.count <= tally.failures('collect').length || again === collectAgain || controls.signal.aborted) return;
      await clock.sleep(againAfterMs * (again + 1), controls.signal);
      tally.forgive();
      await target.collect(controls);
    }
  };
}

/** Whether it ended well and in time. */
async function inTime(run: ResetRun, phase: ResetPhase, tally: ResetTally, act: (controls: ResetControls) => Promise<void>, tell: (state: 'goes-on') => void): Promise<boolean> {
  const { clock, request } = run;
  const deadline = new AbortController();
  const timer = clock.after(run.deadlinesMs[phase], () => deadline.abort(late(phase, tally, run.deadlinesMs[phase])));
  const signal = run.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, run.signal]);
  const failed = phase === 'verify' ? 'collect' : phase;
  const controls: ResetControls = { request, signal, add: throttled(clock, tally, tell), note: tally.note, fail: (path, reason) => tally.fail(failed, path, reason) };
  const over = new AbortController();
  try {
    await Promise.race([act(controls), leftBehind(clock, signal, over.signal)]);
    signal.throwIfAborted();
    return true;
  } catch (error) {
    const reason = signal.aborted ? (signal.reason as unknown) : error;
    controls.fail(tally.target.name, reason);
    run.logger.warn({ err: MediaJobError.from(reason), resetId: request.resetId, phase, target: tally.target.name }, 'A part of the reset failed; the rest goes on');
    return false;
  } finally {
    over.abort();
    timer.cancel();
  }
}

function throttled(clock: Clock, tally: ResetTally, tell: (state: 'goes-on') => void): ResetControls['add'] {
  let last = clock.monotonic();
  return (done) => {
    tally.add(done);
    if (clock.monotonic() - last < progressEveryMs) return;
    last = clock.monotonic();
    tell('goes-on');
  };
}

/** Resolves a while after the signal aborts, so that a target that ignores it holds nobody up. */
async function leftBehind(clock: Clock, signal: AbortSignal, over: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => resolve();
    if (signal.aborted || over.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    over.addEventListener('abort', stop, { once: true });
  });
  if (!over.aborted) await clock.sleep(graceMs, over).catch(() => undefined);
}

function late(phase: ResetPhase, { target }: ResetTally, ms: number): MediaJobError {
  return new MediaJobError('TIMEOUT', {
    message: `Expected \`${phase}\` of ${target.name} to end within ${ms} ms, got no end.`,
    advice: 'What is left is collected by the next reset or cleanup pass; raise `deadlinesMs` if it is merely much.',
    facts: { phase, target: target.name, deadlineMs: ms },
  });
}
