import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { carriesEntry, listProcesses, parseStat, readProcess, readProcessFile } from './process-table.ts';

const line = (name: string, state = 'S', threads = 7): string => `4711 (${name}) ${state} 12 34 56 0 -1 4194560 1 0 0 0 70 8 900 1000 20 0 ${threads} 0 285506 1440124928 1 2 3`;

describe('a line of /proc/<pid>/stat', () => {
  it.each(['sleep', 'a b', ') S 1 1 1', '((x)', 'tmux: server', ''])('is read whatever the program is called: %j', (name) => {
    expect(parseStat(line(name))).toEqual({ pid: 4711, parent: 12, group: 34, session: 56, startTicks: 285_506, ended: false, ownTicks: 78, reapedTicks: 1900 });
  });

  it('tells of a process that has ended but was not waited for', () => {
    expect(parseStat(line('x', 'Z', 1))?.ended).toBe(true);
    expect(parseStat(line('x', 'X', 0))?.ended).toBe(true);
  });

  it('tells of one whose first thread has ended while others still hold its files that it lives', () => {
    expect(parseStat(line('x', 'Z', 2))?.ended).toBe(false);
  });

  it('that is cut off is none', () => {
    expect(parseStat('4711 (x) S 12')).toBeUndefined();
  });
});

describe('the table of processes', () => {
  it('holds this process', async () => {
    expect((await listProcesses()).processes.find(({ pid }) => pid === process.pid)?.startTicks).toBe(readProcess('self')?.startTicks);
  });

  it('has nothing to say about a process that is gone', async () => {
    const child = spawn('true');
    await once(child, 'close');
    expect(readProcess(child.pid ?? 0)).toBeUndefined();
    expect(readProcessFile(child.pid ?? 0, 'environ')).toBeUndefined();
  });

  it('finds an entry in a list, and only a whole one', async () => {
    const child = spawn('sleep', ['60'], { env: { LIST: 'one:two:three', OTHER: 'four' } });
    const carries = (variable: string, entry: string): boolean | 'unclear' => carriesEntry(child.pid ?? 0, variable, entry);
    expect([carries('LIST', 'two'), carries('LIST', 'three')]).toEqual([true, true]);
    expect([carries('LIST', 'tw'), carries('LIST', 'four'), carries('OTHERS', 'four')]).toEqual([false, false, false]);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
