import { expect, test } from 'vitest';
import { parseVersion } from './version.ts';

test.each([
  ['ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers', '5.1.9-0+deb12u1', false],
  ['ffmpeg version 7.0.2-static https://johnvansickle.com/ffmpeg/  Copyright (c) 2000-2024 the FFmpeg developers', '7.0.2-static', false],
  ['ffmpeg version n4.4.1 Copyright (c) 2000-2021 the FFmpeg developers', 'n4.4.1', true],
  ['ffmpeg version N-47683-g0e8eb07980-static https://x/ Copyright (c) 2000-2018 the FFmpeg developers', 'N-47683-g0e8eb07980-static', true],
  ['ffmpeg version 2023-07-19-git-efa6cec759 Copyright (c) 2000-2023 the FFmpeg developers', '2023-07-19-git-efa6cec759', false],
  ['ffmpeg version 10.1', '10.1', false],
] as const)('"%s"', (line, version, old) => {
  expect(parseVersion('ffmpeg', `${line}\nbuilt with gcc`)).toEqual({ version, old });
});

test('another program, and no answer, have no version', () => {
  expect(parseVersion('ffmpeg', 'ffprobe version 5.1 Copyright')).toBeUndefined();
  expect(parseVersion('ffprobe', '')).toBeUndefined();
  expect(parseVersion('ffmpeg', 'avconv version 11')).toBeUndefined();
});
