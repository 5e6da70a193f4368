import { describe, expect, it } from 'vitest';
import { createKillSchedule, killAtOnce, killOrders, type KillSchedule } from './kill-order.ts';
import { createManualClock, type ManualClock } from './testing/manual-clock.ts';

function follow(): { readonly clock: ManualClock; readonly schedule: KillSchedule; readonly sent: string[] } {
  const clock = createManualClock();
  const began = clock.monotonic();
  const sent: string[] = [];
  const schedule = createKillSchedule(clock, (signal) => sent.push(`${signal} ${clock.monotonic() - began}`));
  return { clock, schedule, sent };
}

describe('a kill order', () => {
  it.each([
    ['abort', ['SIGTERM 0', 'SIGTERM 250', 'SIGKILL 700']],
    ['timeLimit', ['SIGTERM 0', 'SIGTERM 1000', 'SIGKILL 5000']],
  ] as const)('%s sends %j', (name, expected) => {
    const { clock, schedule, sent } = follow();
    schedule.start(killOrders[name]);
    clock.advance(60_000);
    expect(sent).toEqual(expected);
    expect(schedule.killSent()).toBe(true);
  });

  it('to kill at once sends KILL alone, within the call', () => {
    const { schedule, sent } = follow();
    schedule.start(killAtOnce);
    expect(sent).toEqual(['SIGKILL 0']);
  });

  it('that comes to KILL sooner takes over', () => {
    const { clock, schedule, sent } = follow();
    schedule.start(killOrders.timeLimit);
    clock.advance(100);
    schedule.start(killOrders.abort);
    clock.advance(60_000);
    expect(sent).toEqual(['SIGTERM 0', 'SIGTERM 100', 'SIGTERM 350', 'SIGKILL 800']);
  });

  it('that comes to KILL later changes nothing', () => {
    const { clock, schedule, sent } = follow();
    schedule.start(killOrders.abort);
    schedule.start(killOrders.timeLimit);
    clock.advance(60_000);
    expect(sent).toEqual(['SIGTERM 0', 'SIGTERM 250', 'SIGKILL 700']);
  });

  it('leaves no timer once it is disposed of', () => {
    const { clock, schedule, sent } = follow();
    schedule.start(killOrders.abort);
    schedule[Symbol.dispose]();
    clock.advance(60_000);
    expect(sent).toEqual(['SIGTERM 0']);
    expect(clock.pending()).toBe(0);
  });
});
