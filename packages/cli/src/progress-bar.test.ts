import { expect, test } from 'vitest';
import { createFakeClock } from '@media-jobs/core/testing';
import type { TextOutput } from './command.ts';
import { createProgressBar, progressLine } from './progress-bar.ts';

function terminal(isTerminal: boolean): { output: TextOutput; text: () => string } {
  const written: string[] = [];
  const write = (text: string): Promise<void> => {
    written.push(text);
    return Promise.resolve();
  };
  return { output: { isTerminal, columns: 80, write }, text: () => written.join('') };
}

test('a line shows phase, share and elapsed time', () => {
  expect(progressLine({ ratio: 0.5, phase: 'transcribe' }, 65_000, 80)).toBe('transcribe   [###############---------------]  50 %  1:05');
});

test('a line is never wider than the terminal', () => {
  expect(progressLine({ ratio: 1, phase: 'transcribe' }, 0, 20)).toHaveLength(19);
});

test('where nobody reads along nothing is written', async () => {
  const { output, text } = terminal(false);
  await using bar = createProgressBar({ output, clock: createFakeClock() });
  bar.update({ ratio: 0.5, phase: 'decode' });
  await bar[Symbol.asyncDispose]();
  expect(text()).toBe('');
});

test('the elapsed time goes on while no progress comes', async () => {
  const { output, text } = terminal(true);
  const clock = createFakeClock();
  await using bar = createProgressBar({ output, clock });
  bar.update({ ratio: 0.1, phase: 'decode' });
  await clock.advance(3000);
  expect(text()).toContain('0:03');
});

test('the line is gone at the end', async () => {
  const { output, text } = terminal(true);
  const bar = createProgressBar({ output, clock: createFakeClock() });
  bar.update({ ratio: 0.1, phase: 'decode' });
  await bar[Symbol.asyncDispose]();
  expect(text().endsWith('\r\u001b[K')).toBe(true);
});
