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
