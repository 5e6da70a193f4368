import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { describeOwner, isOwnerAlive, ownerId, parseOwner, type Owner } from './owner.ts';
import { readProcess } from './process-table.ts';

const printOwner = [`--conditions=@media-jobs/source`, '--input-type=module', '-e', `import { ownerId } from '${import.meta.dirname}/owner.ts'; console.log(ownerId());`];
const self = parseOwner(ownerId());
const like = (changes: Partial<Owner>): string => describeOwner({ ...self, ...changes });

describe('an owner id', () => {
  it('is the same at each call, and fit for a file name', () => {
    expect(ownerId()).toBe(ownerId());
    expect(ownerId()).toMatch(/^[A-Za-z0-9._-]{1,120}$/);
  });

  it('names this process', () => {
    expect(parseOwner(ownerId())).toMatchObject({ pid: process.pid, start: readProcess('self')?.startTicks });
  });

  it('differs from that of another process', () => {
    expect(execFileSync(process.execPath, printOwner).toString().trim()).not.toBe(ownerId());
  });

  it('comes back from its facts', () => {
    expect(describeOwner(parseOwner(ownerId()))).toBe(ownerId());
  });

  it('stays short enough with the largest numbers', () => {
    const largest = like({ pidNamespace: 2 ** 32, pid: 2 ** 22, start: Number.MAX_SAFE_INTEGER });
    expect(largest.length).toBeLessThanOrEqual(120);
    expect(parseOwner(largest).start).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['', 'x', '../../etc/passwd', `${ownerId()}/..`, ownerId().slice(1)])('is not %j', (text) => {
    expect(() => parseOwner(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
  });
});

describe('an owner', () => {
  it('that is this process is alive', () => {
    expect(isOwnerAlive(ownerId())).toBe('alive');
  });

  it('that has ended is dead', () => {
    const other = execFileSync(process.execPath, printOwner).toString().trim();
    expect(isOwnerAlive(other)).toBe('dead');
  });

  it('that is another living process is alive, and dead when it is killed, even before it was waited for', async () => {
    // The shell never waits for its child, which so remains as a zombie.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(String(text));
    const id = like({ pid, start: readProcess(pid)?.startTicks ?? 0 });
    expect(isOwnerAlive(id)).toBe('alive');
    process.kill(pid, 'SIGKILL');
    while (readProcess(pid)?.ended === false) await pause(5);
    expect(readProcess(pid)?.ended).toBe(true);
    expect(isOwnerAlive(id)).toBe('dead');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('whose pid has passed to a later process is dead', () => {
    expect(isOwnerAlive(like({ start: self.start - 1 }))).toBe('dead');
  });

  it('of this host before it was started anew is dead', () => {
    expect(isOwnerAlive(like({ boot: '0'.repeat(32) }))).toBe('dead');
  });

  it('of another host is unknown', () => {
    expect(isOwnerAlive(like({ host: '0'.repeat(16), boot: '0'.repeat(32) }))).toBe('unknown');
  });

  it('of another pid namespace of this host is unknown', () => {
    expect(isOwnerAlive(like({ pidNamespace: self.pidNamespace + 1 }))).toBe('unknown');
  });

  it('that does not tell its boot cannot be judged from here', () => {
    expect(isOwnerAlive(like({ boot: '', pidNamespace: 0 }))).toBe('unknown');
  });
});
