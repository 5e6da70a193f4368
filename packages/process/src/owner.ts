import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { MediaJobError } from '@media-jobs/foundation';
import { hasProcessTable, readProcess } from './process-table.ts';

/** What an owner id says. */
export interface Owner {
  /** Hash of the host's name and of its machine id. */
  readonly host: string;
  /** Differs with each start of the machine; empty where the machine does not tell. */
  readonly boot: string;
  /** The world in which the pid counts: containers have one each. 0 where the machine does not tell. */
  readonly pidNamespace: number;
  readonly pid: number;
  /** Clock ticks since the machine started, or milliseconds since 1970 where it does not tell. */
  readonly start: number;
}

/** `alive` and `dead` are certain; `unknown` is an owner that cannot be judged from here. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

const shape = /^o1-([0-9a-f]{16})-([0-9a-f]{0,32})-(\d{1,20})-(\d{1,10})-(\d{1,20})$/;

function readTrimmed(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}

/** The same name on two machines must not make them one: without a machine id the boot id stands in, and no other boot is ever judged. */
function hostHash(boot: string): string {
  const machine = readTrimmed('/etc/machine-id') || boot;
  return createHash('sha256').update(`${hostname()}\n${machine}`).digest('hex').slice(0, 16);
}

function readOwner(): Owner {
  const self = hasProcessTable() ? readProcess('self') : undefined;
  if (self === undefined) {
    return { host: hostHash(''), boot: '', pidNamespace: 0, pid: process.pid, start: Math.round(performance.timeOrigin) };
  }
  const boot = readTrimmed('/proc/sys/kernel/random/boot_id').replaceAll('-', '');
  const pidNamespace = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0);
  return { host: hostHash(boot), boot, pidNamespace, pid: process.pid, start: self.startTicks };
}

/** A fact about this process that cannot change while it lives. */
let ownId: string | undefined;

/**
 * Names this process for as long as anybody may ask: host, boot, pid namespace, pid and start time in one text.
 * It is the same at each call, of at most 120 characters `[a-z0-9-]`, and so fit for a file name.
 * Every child that is started here carries it in its environment as `MEDIA_JOBS_OWNER`.
 */
export function ownerId(): string {
  ownId ??= describeOwner(readOwner());
  return ownId;
}

/** The owner id of these facts. */
export function describeOwner(owner: Owner): string {
  return `o1-${owner.host}-${owner.boot}-${owner.pidNamespace}-${owner.pid}-${owner.start}`;
}

/** The facts in an owner id. Throws `INVALID_OPTION` when it is none. */
export function parseOwner(id: string): Owner {
  const [, host, boot, pidNamespace, pid, start] = shape.exec(id) ?? [];
  if (host === undefined || boot === undefined) {
    throw new MediaJobError('INVALID_OPTION', {
      message: `Expected \`id\` to be an owner id, got \`${id}\`.`,
      advice: 'Give what ownerId() returned in the process in question.',
    });
  }
  return { host, boot, pidNamespace: Number(pidNamespace), pid: Number(pid), start: Number(start) };
}

/**
 * Whether the process behind an owner id still runs.
 * Dead is what can be proved from here: the same machine was started anew, or the pid is gone or belongs to a later process.
 * Another host, and another pid namespace of this host, are unknown. Throws `INVALID_OPTION` when `id` is no owner id.
 */
export function isOwnerAlive(id: string): OwnerState {
  const owner = parseOwner(id);
  const self = parseOwner(ownerId());
  if (owner.boot === '' || self.boot === '') return judgeByPid(owner, self);
  if (owner.boot !== self.boot) return owner.host === self.host ? 'dead' : 'unknown';
  if (owner.pidNamespace !== self.pidNamespace) return 'unknown';
  const facts = readProcess(owner.pid);
  return facts !== undefined && !facts.ended && facts.startTicks === owner.start ? 'alive' : 'dead';
}

/** Without /proc a pid can only be asked for; one in use may be a later process, so it proves nothing. */
function judgeByPid(owner: Owner, self: Owner): OwnerState {
  if (owner.host !== self.host || owner.boot !== self.boot) return 'unknown';
  if (owner.pid === self.pid) return owner.start === self.start ? 'alive' : 'dead';
  try {
    process.kill(owner.pid, 0);
    return 'unknown';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'dead' : 'unknown';
  }
}
