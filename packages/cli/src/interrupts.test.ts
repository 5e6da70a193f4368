import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createFakeClock } from '@media-jobs/core/testing';
import { listenForInterrupts } from './interrupts.ts';

class Host extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s aborts the signal and lets the command end by itself', (name) => {
  const host = new Host();
  using interrupts = listenForInterrupts(host, createFakeClock());
  host.emit(name);
  expect([interrupts.signal.aborted, host.exits]).toEqual([true, []]);
});

test('a second signal ends the process at once', async () => {
  const host = new Host();
  const clock = createFakeClock();
  using _interrupts = listenForInterrupts(host, clock);
  host.emit('SIGINT');
  await clock.advance(1000);
  host.emit('SIGTERM');
  expect(host.exits).toEqual([130]);
});

test('the echo of a signal that npm hands on is not a second one', async () => {
  const host = new Host();
  const clock = createFakeClock();
  using _interrupts = listenForInterrupts(host, clock);
  host.emit('SIGINT');
  await clock.advance(100);
  host.emit('SIGINT');
  expect(host.exits).toEqual([]);
});

test('the signals are given back at the end', () => {
  const host = new Host();
  listenForInterrupts(host, createFakeClock())[Symbol.dispose]();
  expect(host.eventNames()).toEqual([]);
});
