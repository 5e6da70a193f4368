import { MediaJobError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { onControls } from './judge.ts';
import { killAtOnce, killOrders, type KillOrder } from './kill-order.ts';

function orderOf(reason: unknown, control: 'signal' | 'kill' = 'signal'): KillOrder | undefined {
  let given: KillOrder | undefined;
  const stop = onControls({ [control]: AbortSignal.abort(reason) }, (_, order) => (given = order));
  stop();
  return given;
}

test('an abort for any reason of the caller ends the program within a second', () => {
  expect(orderOf(new Error('not wanted any more'))).toBe(killOrders.abort);
  expect(orderOf(new MediaJobError('CANCELLED', { message: '' }))).toBe(killOrders.abort);
});

test('an abort because a time limit was reached leaves the program the time to close its files', () => {
  expect(orderOf(new MediaJobError('TIMEOUT', { message: '' }))).toBe(killOrders.timeLimit);
  expect(orderOf(new DOMException('too late', 'TimeoutError'))).toBe(killOrders.timeLimit);
});

test('the kill signal kills at once, whatever its reason', () => {
  expect(orderOf(new MediaJobError('TIMEOUT', { message: '' }), 'kill')).toBe(killAtOnce);
});
