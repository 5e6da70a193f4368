import { expect, test } from 'vitest';
import { MediaJobError } from '@media-jobs/foundation';
import { aboutFile } from './own-words.ts';

const copy = '/w/jobs/1/mj_x/t/input-0';
const about = (path: string): MediaJobError =>
  new MediaJobError('NO_AUDIO', { message: `Expected "${path}" to hold audio, got none.`, advice: 'Give another file.', facts: { path } });

test('an error about the copy of the input names the file that the user gave', () => {
  const error = aboutFile(about(copy), '/home/x/my "talk".mp4', '/w');
  expect(error).toMatchObject({ code: 'NO_AUDIO', message: 'Expected "/home/x/my \\"talk\\".mp4" to hold audio, got none.', advice: 'Give another file.' });
});

test('an error about anything else stays as it is', () => {
  const error = about('/somewhere/else');
  expect(aboutFile(error, '/home/x/talk.mp4', '/w')).toBe(error);
});
