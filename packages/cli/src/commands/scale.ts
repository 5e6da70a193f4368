import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { findWorkPlace, storeOptions } from '../jobs/work-place.ts';
import { printable } from '../printable.ts';
import { planCapacity, planUtilisation, type OperationPlan, type PlanRequest } from '../scale/capacity.ts';
import { tableText } from '../table.ts';
import { durationText } from '../units.ts';
import { usageError } from '../usage-error.ts';
import { wholeNumberOf } from '../whole-number.ts';

const most = 1_000_000_000;
const tableWidth = 100;

/** `media-jobs scale --plan`. */
export const scale: Command = Object.freeze({
  name: 'scale',
  about: 'estimate how many workers a load needs, from measured durations',
  operands: [],
  options: [
    { name: 'plan', about: 'print the estimate; nothing is started or stopped' },
    { name: 'per-hour', value: 'N', about: 'jobs of each operation that come in an hour' },
    { name: 'places', value: 'N', about: 'places that there are: workers times --concurrency' },
    { name: 'json', about: 'print one object for programs' },
    ...storeOptions,
  ],
  details: [`Durations are those of completed jobs that are still kept. A place is planned to work ${planUtilisation * 100} % of its time: beyond that, lines grow whenever jobs come in bursts.`],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  if (!invocation.isSet('plan')) throw usageError('Expected `--plan`, got none.', 'scale');
  const request: PlanRequest = { perHour: wholeNumberOf(invocation, 'per-hour', { least: 1, most }) ?? null, places: wholeNumberOf(invocation, 'places', { least: 1, most }) ?? null };
  const place = await findWorkPlace(invocation, context);
  await using store = place.openStore();
  const plans = planCapacity(await store.stats(), request);
  await context.stdout.write(invocation.isSet('json') ? `${JSON.stringify({ utilisation: planUtilisation, ...request, operations: plans }, null, 2)}\n` : planText(plans));
  return exitCodes.success;
}

function planText(plans: readonly OperationPlan[]): string {
  if (plans.length === 0) return 'No job has completed yet: there is nothing to estimate from.\n';
  const number = (value: number | null): string => (value === null ? '-' : value.toLocaleString('en'));
  const rows = plans.map(({ operation, measured, meanMs, perPlaceHour, waiting, placesNeeded, carriesPerHour, clearsInMs }) => [
    printable(operation), number(measured), durationText(meanMs), number(Math.floor(perPlaceHour)), number(waiting), number(placesNeeded), number(carriesPerHour), clearsInMs === null ? '-' : durationText(clearsInMs),
  ]);
  const titles = ['MEASURED', 'MEAN', 'PER PLACE AND HOUR', 'WAITING', 'PLACES NEEDED', 'CARRIES PER HOUR', 'LINE LASTS'];
  return tableText([{ title: 'OPERATION', leastWidth: 10 }, ...titles.map((title) => ({ title }))], rows, tableWidth);
}
