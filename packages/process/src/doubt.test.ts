import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createDoubt } from './doubt.ts';
import type { ProcessFacts } from './process-table.ts';

const some: ProcessFacts[] = [{ pid: 7, parent: 1, group: 7, session: 7, startTicks: 1, ended: false, ownTicks: 0, reapedTicks: 0 }];

describe('an empty list of processes', () => {
  it('is believed when nothing was unclear', () => {
    expect(createDoubt()({ found: [], fleeting: [], starting: [] })).toBe(false);
  });

  it('is not believed when a process went meanwhile, once for each', () => {
    const mayBeMore = createDoubt();
    expect(mayBeMore({ found: [], fleeting: [1, 2], starting: [] })).toBe(true);
    expect(mayBeMore({ found: [], fleeting: [2, 3], starting: [] })).toBe(true);
    expect(mayBeMore({ found: [], fleeting: [3], starting: [] })).toBe(false);
  });

  it('is not believed for half a second while a process is just starting', async () => {
    const mayBeMore = createDoubt();
    expect(mayBeMore({ found: [], fleeting: [], starting: [1] })).toBe(true);
    expect(mayBeMore({ found: [], fleeting: [], starting: [1] })).toBe(true);
    await pause(510);
    expect(mayBeMore({ found: [], fleeting: [], starting: [1] })).toBe(false);
  });

  it('is doubted anew after something was found', async () => {
    const mayBeMore = createDoubt();
    mayBeMore({ found: [], fleeting: [], starting: [1] });
    await pause(510);
    expect(mayBeMore({ found: some, fleeting: [], starting: [] })).toBe(true);
    expect(mayBeMore({ found: [], fleeting: [], starting: [1] })).toBe(true);
  });
});
