import { mediaAddress } from '@media-jobs/download';
import { expect, test } from 'vitest';

const id = 'dQw4w9WgXcQ';

test.each([
  id, ` ${id} `, `https://www.youtube.com/watch?v=${id}`, `http://youtube.com/watch?list=a&v=${id}&t=10s`, `https://m.youtube.com/watch?v=${id}#top`, `https://music.youtube.com/watch?v=${id}`,
  `https://youtu.be/${id}?si=abc`, `https://www.youtube.com/embed/${id}`, `https://www.youtube.com/shorts/${id}`, `https://www.youtube.com/live/${id}?feature=share`, `https://www.youtube-nocookie.com/embed/${id}`, `HTTPS://YOUTU.BE/${id}`,
])('%s is one video under one address', (text) => {
  expect(mediaAddress(text)).toEqual({ url: new URL(`https://www.youtube.com/watch?v=${id}`), source: `youtube:${id}` });
});

test.each([
  ['HTTP://Media.Test:80/A.mp4?b=2&a=1#part', 'http://media.test/A.mp4?b=2&a=1'],
  ['https://media.test:443/a/../b.mp4', 'https://media.test/b.mp4'],
  ['https://www.youtube.com/playlist?list=abc', 'https://www.youtube.com/playlist?list=abc'],
  [`https://youtube.com.evil.test/watch?v=${id}`, `https://youtube.com.evil.test/watch?v=${id}`],
])('%s is read as %s', (text, href) => {
  expect(mediaAddress(text)).toMatchObject({ url: { href }, source: null });
});
