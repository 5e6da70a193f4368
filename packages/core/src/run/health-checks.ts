import type { DiskSpace } from '@media-jobs/cleanup';
import type { HealthCheck, HealthReport } from '../ports/health-check.ts';
import { findMarkedWork } from './epoch-marks.ts';
import type { RunContext } from './run-context.ts';

/** The checks of a service: its own first, then those that its operations bring, each name once. */
export function ownHealthChecks(context: RunContext): readonly HealthCheck[] {
  const own: readonly HealthCheck[] = [
    { name: 'store', check: () => checkStore(context) },
    ...(context.queue?.capabilities.shared === true ? [{ name: 'queue', check: () => checkQueue(context) }] : []),
    ...(context.files === null ? [] : [{ name: 'files', check: () => checkFiles(context.files) }]),
    { name: 'disk', check: () => checkDisk(context) },
    { name: 'memory', check: () => checkMemory(context) },
    { name: 'gpu', check: () => checkGpu(context) },
    { name: 'workers', check: () => checkWorkers(context) },
  ];
  const brought = [...context.operations.values()].flatMap(({ operation }) => operation.healthChecks ?? []);
  const byName = new Map([...brought, ...own].map((check) => [check.name, check]));
  return Object.freeze([...new Set([...own.map(({ name }) => name), ...byName.keys()])].flatMap((name) => byName.get(name) ?? []));
}

async function checkStore({ store }: RunContext): Promise<HealthReport> {
  await store.ping();
  return { ok: true, detail: 'it answers' };
}

async function checkQueue({ queue }: RunContext): Promise<HealthReport> {
  const depth = await queue?.depth();
  return { ok: true, detail: `${depth?.waiting ?? 0} waiting, ${depth?.running ?? 0} running` };
}

async function checkFiles(files: RunContext['files']): Promise<HealthReport> {
  await files?.epochs();
  return { ok: true, detail: 'the file store answers' };
}

async function checkDisk({ guards }: RunContext): Promise<HealthReport> {
  const { disks } = await guards.check();
  const ok = disks.every(({ level }) => level !== 'refuse');
  const detail = disks.map((disk) => `${disk.folder}: ${mebibytes(disk)} free, ${Math.round(disk.usedRatio * 100)} % used`).join('; ');
  return { ok, detail, ...(ok ? {} : { advice: 'Free some space, or choose a work folder on another disk; new work is refused until then.' }) };
}

async function checkMemory({ guards }: RunContext): Promise<HealthReport> {
  const { memory } = await guards.check();
  const ok = memory.level !== 'refuse';
  return { ok, detail: `${mebibytes(memory)} free (${memory.limitedBy})`, ...(ok ? {} : { advice: 'Wait for other work to end, or give the service more memory; new work is refused until then.' }) };
}

/** Asked only where the guards ask: most operations need no card. */
async function checkGpu({ guards }: RunContext): Promise<HealthReport> {
  const { gpu } = await guards.check();
  if (gpu === null) return { ok: true, detail: 'not asked, since `gpuRefuseMiB` is 0' };
  const ok = gpu.level !== 'refuse';
  const detail = gpu.freeMiB === null ? `cannot be read: ${gpu.reason ?? 'no card'}` : `${gpu.freeMiB} MiB free on the card that has most`;
  return { ok, detail, ...(ok ? {} : { advice: 'Wait for others to give their memory back; new work is refused until then.' }) };
}

/** Each worker has the folder of its attempts in the ledger, whose owner is judged by its process, or by its beat on another host. */
async function checkWorkers({ workFolder, files, worker }: RunContext): Promise<HealthReport> {
  if (files !== null && !worker) return { ok: true, detail: 'none here; those of other machines have work folders of their own' };
  const alive = new Set((await findMarkedWork(workFolder)).map(({ owner }) => owner)).size;
  return alive > 0 ? { ok: true, detail: `${alive} alive` } : { ok: false, detail: 'none alive', advice: 'Start a process with `worker: true` on the same store and work folder; jobs wait until then.' };
}

function mebibytes({ freeBytes }: Pick<DiskSpace, 'freeBytes'>): string {
  return `${Math.round(freeBytes / 1024 / 1024)} MiB`;
}
