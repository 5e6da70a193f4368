import { invalidOption } from '../options.ts';
import type { RemoteResetRequest, RemoteResetResult, RemoteService } from './remote-service.ts';
import type { ResetReport } from './reset-report.ts';

/** What a factory reset of several services did. */
export interface FactoryResetReport {
  /** One sentence for people. */
  readonly message: string;
  /** The reset of the calling service. */
  readonly self: ResetReport;
  readonly services: Readonly<Record<string, RemoteResetResult>>;
}

/** Everything goes: that is what a factory reset is. */
const everything: RemoteResetRequest = Object.freeze({ level: 'deep', models: true, queue: true });

/** Asks all services side by side, and resolves when each has answered or its time is over. Never rejects but for two of one name (`INVALID_OPTION`). */
export async function resetRemotes(services: readonly RemoteService[], request: RemoteResetRequest = everything, signal?: AbortSignal): Promise<Readonly<Record<string, RemoteResetResult>>> {
  const names = services.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw invalidOption('services', 'services with names of their own', double);
  const results = await Promise.all(services.map(async (service) => [service.name, await service.reset(request, signal)] as const));
  return Object.freeze(Object.fromEntries(results));
}

/**
 * Resets the calling service, by `self`, and all others, side by side: none waits for another, and one that fails or is down
 * stops none. `self` is given the same request, such as `jobs.reset`.
 */
export async function factoryReset(self: (request: RemoteResetRequest) => Promise<ResetReport>, services: readonly RemoteService[], request: RemoteResetRequest = everything): Promise<FactoryResetReport> {
  const others = resetRemotes(services, request);
  const [own, asked] = await Promise.all([self(request), others]);
  const bad = Object.entries(asked).filter(([, { status }]) => status !== 'success');
  const done = own.ok && bad.length === 0;
  const failed = [...(own.ok ? [] : ['this service']), ...bad.map(([name, { status }]) => `${name} (${status})`)];
  const message = done ? `The factory reset is complete: this service and ${services.length} others.` : `The factory reset is incomplete: ${failed.join(', ')}.`;
  return Object.freeze({ message, self: own, services: asked });
}
