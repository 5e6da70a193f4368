import { MediaJobError } from '@media-jobs/foundation';
import { resolveResetOptions, type ResetAllOptions, type ResetRun } from './reset-options.ts';
import { runResetPhase } from './reset-phase.ts';
import { assembleReport, type ResetReport } from './reset-report.ts';
import { shareAcrossProcesses } from './reset-lock.ts';
import { createResetTally, type ResetTally } from './reset-tally.ts';
import type { Resettable } from './resettable.ts';
import { shareReset } from './shared-resets.ts';

/**
 * Empties all targets, and resolves when that is done, with a report: everything older is dead in one atomic act, then what
 * still works on it is stopped and awaited, then it is removed, then what is left is counted and listed. It cannot be undone.
 *
 * One failure stops nothing and is never hidden: it stands in `errors`, and `ok` is false. Calls for the same targets at
 * the same time share one run and one report, with `lock` also across processes; what came in after that run began stays.
 * A reset whose process is killed is finished by the next call.
 * Throws `INVALID_OPTION`, and nothing else.
 */
export async function resetAll(targets: readonly Resettable[], options: ResetAllOptions = {}): Promise<ResetReport> {
  const run = resolveResetOptions(targets, options);
  const { lock: path, request, clock, logger } = run;
  const start = (): Promise<ResetReport> => reset(run, targets);
  return shareReset(targets, request, () => (path === undefined ? start() : shareAcrossProcesses({ path, request, targets: targets.map(({ name }) => name), clock, logger }, start)));
}

async function reset(run: ResetRun, targets: readonly Resettable[]): Promise<ResetReport> {
  const { clock, logger, request } = run;
  const [startedAt, began] = [clock.now(), clock.monotonic()];
  const tallies = targets.filter((target) => takesPart(target, run)).map(createResetTally);
  const [models, others] = [tallies.filter(isModels), tallies.filter((tally) => !isModels(tally))];
  logger.warn({ ...request, targets: tallies.map(({ target }) => target.name) }, 'A reset begins');
  await runResetPhase(run, 'begin', tallies, tallies);
  await runResetPhase(run, 'stop', tallies, tallies);
  await runResetPhase(run, 'collect', others, tallies);
  await runResetPhase(run, 'collect', models, tallies);
  await runResetPhase(run, 'verify', tallies, tallies);
  await endAll(run, tallies);
  const perTarget = Object.fromEntries(tallies.map((tally) => [tally.target.name, tally.report()]));
  const report = assembleReport(request, perTarget, tallies.flatMap((tally) => tally.failures()), { startedAt, wallMs: Math.round(clock.monotonic() - began) });
  logger[report.ok ? 'info' : 'error']({ report }, report.message);
  return report;
}

function takesPart({ kind }: Resettable, { request }: ResetRun): boolean {
  return (kind !== 'models' || request.models) && (kind !== 'queue' || request.queue);
}

function isModels({ target }: ResetTally): boolean {
  return target.kind === 'models';
}

/** Takes new work again, whatever happened. */
async function endAll({ request, logger }: ResetRun, tallies: readonly ResetTally[]): Promise<void> {
  for (const { target, fail } of tallies) {
    try {
      await target.end?.(request);
    } catch (error) {
      fail('end', target.name, error);
      logger.warn({ err: MediaJobError.from(error), target: target.name }, 'The end of a reset failed');
    }
  }
}
