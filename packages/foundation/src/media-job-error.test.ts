import { expect, test } from 'vitest';
import { MediaJobError } from '@media-jobs/foundation';

test('an error survives the way into a record and back', () => {
  const original = new MediaJobError('QUEUE_FULL', { message: 'Expected fewer than 100 waiting jobs, got 100.', advice: 'Try again later.', facts: { waiting: 100 }, retryAfterMs: 5 });
  const back = MediaJobError.fromJSON(JSON.parse(JSON.stringify(original)));
  expect(back.toJSON()).toEqual(original.toJSON());
  expect(back.class).toBe('overload');
});

test('a thrown value of any kind becomes an UNKNOWN that keeps its type and message', () => {
  expect(MediaJobError.from(new TypeError('nope')).toJSON()).toMatchObject({ code: 'UNKNOWN', originalType: 'TypeError', message: 'nope', class: 'transient' });
  expect(MediaJobError.from('text').toJSON()).toMatchObject({ code: 'UNKNOWN', originalType: 'string', message: 'text' });
});

test('errors of another copy of the package are recognised by their mark, and look-alikes are not', () => {
  const foreign = Object.create({ [Symbol.for('media-jobs.error')]: true }) as object;
  expect(MediaJobError.isInstance(foreign)).toBe(true);
  expect(MediaJobError.isInstance({ code: 'QUEUE_FULL' })).toBe(false);
  expect(MediaJobError.isInstance(null)).toBe(false);
});

test('a circular chain of causes is cut', () => {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  expect(new MediaJobError('UNKNOWN', { message: 'circular', cause: first }).toJSON().causes).toHaveLength(8);
});

test('a record with a code of a later version becomes UNKNOWN instead of a crash', () => {
  const later = { code: 'FROM_THE_FUTURE', message: 'later', class: 'transient' } as unknown as ReturnType<MediaJobError['toJSON']>;
  expect(MediaJobError.fromJSON(later).code).toBe('UNKNOWN');
});

test('only permanent errors are not worth trying again', () => {
  const [permanent, transient] = [new MediaJobError('NO_AUDIO', { message: '' }), new MediaJobError('STALLED', { message: '' })];
  expect([permanent.retryable, transient.retryable]).toEqual([false, true]);
});
