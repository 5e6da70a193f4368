import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { createWorkbench } from '../testing/workbench.ts';

vi.setConfig({ testTimeout: 300_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg();

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

// What is in use after a collection: what waits to be collected grows with the time that a run takes.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Peaks {
  readonly child: number;
  readonly ours: number;
}

async function peaksOf(seconds: number): Promise<Peaks> {
  const file = bench.make(`${seconds}.flac`, '-f', 'lavfi', '-i', 'sine=f=300:r=8000', '-t', String(seconds), '-c:a', 'flac');
  let [child, ours, reports] = [0, 0, 0];
  await ffmpeg.prepareSpeech(file, bench.path(`${seconds}.wav`), {
    waveform: { file: bench.path(`${seconds}.png`) },
    onUsage: ({ peakRssBytes }) => void (child = Math.max(child, peakRssBytes)),
    onProgress: () => {
      reports += 1;
      if (reports % 10 !== 1) return;
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      ours = Math.max(ours, heapUsed + arrayBuffers);
    },
  });
  return { child, ours };
}

test('an hour takes no more memory than a minute, in ffmpeg or here', async () => {
  await peaksOf(5);
  const [minute, hour] = [await peaksOf(60), await peaksOf(3_600)];
  const allowed = 24 * 2 ** 20;
  expect(hour.child).toBeLessThan(minute.child + allowed);
  expect(hour.ours).toBeLessThan(minute.ours + allowed);
});
