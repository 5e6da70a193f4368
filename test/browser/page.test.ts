import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { filesBelow, processesOf, untilEmpty } from '../command/leftovers.ts';
import { talk } from '../command/run-command.ts';
import { keepLook, openBrowser, type TestBrowser } from './support/open-browser.ts';
import { picturesShown, slowDown, standAt, tabTo, timeOf } from './support/page-deeds.ts';
import { openTalkService, type TalkService } from './support/open-talk-service.ts';

vi.setConfig({ testTimeout: 60_000 });

const expected = readFileSync(fileURLToPath(new URL('../../fixtures/expected.json', import.meta.url)), 'utf8');
const { words } = (JSON.parse(expected) as { 'talk.mp4': { words: string[] } })['talk.mp4'];
let service: TalkService;
let browser: TestBrowser;

beforeAll(async () => {
  [service, browser] = await Promise.all([openTalkService(), openBrowser()]);
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  expect(await untilEmpty(() => processesOf(process.pid))).toEqual([]);
});

async function chooseFile(page: Page, file: string | { readonly name: string; readonly mimeType: string; readonly buffer: Buffer }): Promise<void> {
  await tabTo(page, '#file');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles(file);
}

/** When the last line of what the service heard begins, in seconds. */
async function lastLineBegins(): Promise<number> {
  const { jobs } = await service.jobs.list({ operation: 'transcribe' });
  const { segments = [] } = Object(jobs[0]?.output) as { readonly segments?: readonly { readonly start: number }[] };
  return segments.at(-1)?.start ?? Infinity;
}

async function start(page: Page, operation: string, name: string): Promise<void> {
  await page.locator('#operation').selectOption(operation);
  await page.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
  await page.locator('#submit').click();
}

/** Rows of the list with this name in them. */
const row = (page: Page, name: string) => page.locator('.job-row', { hasText: name });

test('by keyboard alone, a film becomes a transcript that follows the player, with captions and pictures', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  await chooseFile(page, talk);
  await tabTo(page, '#submit');
  await page.keyboard.press('Enter');
  await page.locator('.job .chip[data-state="completed"]').waitFor();
  expect((await page.locator('.said').allTextContents()).join(' ').split(/\s+/)).toEqual(words);
  expect(await page.locator('#job-title:focus').count()).toBe(1);
  await tabTo(page, '.transcript li:last-child .line');
  await page.keyboard.press('Enter');
  const begins = await lastLineBegins();
  await expect.poll(() => timeOf(page)).toBeGreaterThanOrEqual(begins);
  await standAt(page, begins + 0.1);
  await page.locator('.transcript li:last-child .line[aria-current="true"] .word.now').waitFor();
  expect([await page.locator('.word.now').allTextContents(), await page.locator('.line[aria-current="true"]').count()]).toEqual([['start'], 1]);
  expect(await page.locator('.files a').allTextContents()).toEqual(['transcript.txt', 'transcript.srt', 'transcript.vtt', 'transcript.json', 'waveform.png']);
  const [captions] = await Promise.all([page.waitForEvent('download'), page.locator('.files a', { hasText: '.srt' }).press('Enter')]);
  expect([captions.suggestedFilename(), readFileSync(await captions.path(), 'utf8')]).toEqual(['transcript.srt', expect.stringContaining('-->')]);
  await page.getByRole('button', { name: 'Draw the spectrogram' }).press('Enter');
  await page.getByRole('img', { name: 'Spectrogram of the sound' }).waitFor();
  await picturesShown(page);
  await keepLook(page, 'transcript-1280');
  expect(wrong).toEqual([]);
});

test('the same film again is answered from the cache, and a reload shows the same job', async () => {
  await using visit = await browser.open(service.url, { width: 360, height: 740 });
  const { page, wrong } = visit;
  await page.locator('#file').setInputFiles(talk);
  await page.locator('#submit').click();
  await page.locator('.said').first().waitFor();
  // Asked for by the test before; by itself, this one does the work.
  await page.locator('#submit').click();
  await page.locator('#news', { hasText: 'done before' }).waitFor();
  await page.reload();
  await page.locator('.said').first().waitFor();
  await page.locator('.listen input').setInputFiles(talk);
  await page.locator('audio').waitFor();
  await standAt(page, 1);
  await page.locator('.line').first().and(page.locator('[aria-current="true"]')).waitFor();
  await page.locator('.job-row').first().waitFor();
  await picturesShown(page);
  await keepLook(page, 'transcript-360');
  expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth)).toBe(360);
  expect(wrong).toEqual([]);
});

test('a job that runs shows what it has so far and is cancelled, one that failed says why and is tried again, one that has ended is deleted', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  await start(page, 'dawdle', 'slow.txt');
  await page.locator('.progress-words', { hasText: 'dawdling, 40 %' }).waitFor();
  service.tell({ start: 0, end: 2, text: 'Once upon a time' });
  await page.locator('.said', { hasText: 'Once upon a time' }).waitFor();
  await keepLook(page, 'running-1280');
  await row(page, 'slow.txt').getByRole('button', { name: 'Cancel slow.txt' }).click();
  await page.locator('.job .chip[data-state="cancelled"]').waitFor();
  await start(page, 'stumble', 'half.txt');
  await page.locator('.job .problem', { hasText: 'got half of one. Send it again.' }).waitFor();
  await keepLook(page, 'failed-1280');
  await row(page, 'half.txt').getByRole('button', { name: 'Retry half.txt' }).click();
  await expect.poll(async () => (await service.jobs.list({ operation: 'stumble', states: ['failed'] })).jobs.map(({ generation }) => generation)).toEqual([2]);
  await page.locator('.job .problem', { hasText: 'got half of one. Send it again.' }).waitFor();
  await row(page, 'slow.txt').getByRole('button', { name: 'Delete slow.txt' }).press('Enter');
  await row(page, 'slow.txt').waitFor({ state: 'detached' });
  // Whoever deletes by keyboard does not fall out of the list.
  await page.locator('.jobs :focus').waitFor();
  const records = await service.jobs.list();
  expect(records.jobs.filter(({ operation }) => ['dawdle', 'stumble'].includes(operation)).map(({ operation, generation }) => [operation, generation])).toEqual([['stumble', 2]]);
  expect(wrong).toEqual([]);
});

test('what cannot be sent is said beside the form, and the focus goes to where it is put right', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  await page.locator('#submit').click();
  await page.locator('#new-problem', { hasText: 'Choose a file first.' }).waitFor();
  expect(await page.locator('#file:focus').count()).toBe(1);
  await page.locator('#options-box summary').click();
  await page.getByLabel('Language').fill('klingon');
  await page.locator('#file').setInputFiles(talk);
  await keepLook(page, 'options-1280');
  await page.locator('#submit').click();
  await page.locator('#new-problem', { hasText: 'klingon' }).waitFor();
  // The refusal itself stands in the console of every browser.
  expect(wrong.filter((line) => !line.includes('422'))).toEqual([]);
});

test('a name of a file is a text, whatever is written in it', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  const name = '<img src=x onerror=alert(1)>.txt';
  await start(page, 'stumble', name);
  await page.locator('.job .chip[data-state="failed"]').waitFor();
  expect([await page.locator('#job-title').textContent(), await row(page, name).locator('.open').textContent(), await page.locator('img').count()]).toEqual([name, name, 0]);
  expect(wrong).toEqual([]);
});

test('an upload that is stopped on its way leaves no job and no file', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  const before = (await service.jobs.list()).jobs.length;
  await slowDown(page);
  await page.locator('#operation').selectOption('stumble');
  await page.locator('#file').setInputFiles({ name: 'long.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2_000_000, 'long') });
  await page.locator('#submit').press('Enter');
  await page.locator('#upload-words', { hasText: 'Uploading' }).waitFor();
  await page.getByRole('button', { name: 'Stop the upload' }).press('Enter');
  await page.locator('#news', { hasText: 'stopped' }).waitFor();
  expect(await page.locator('#submit').isEnabled()).toBe(true);
  expect(await untilEmpty(() => filesBelow(join(service.workFolder, 'temp')))).toEqual([]);
  expect((await service.jobs.list()).jobs.length).toBe(before);
  expect(wrong).toEqual([]);
});

test('every control has a name, and nothing is wider than a phone', async () => {
  await using visit = await browser.open(service.url, { width: 360, height: 740, dark: true });
  const { page, wrong } = visit;
  await start(page, 'stumble', 'half.txt');
  await page.locator('.job-row').first().waitFor();
  await page.locator('#operation').selectOption('prepare-speech');
  await page.locator('#options-box summary').click();
  await page.locator('#checks-box summary').click();
  await picturesShown(page);
  const tree = await page.locator('body').ariaSnapshot();
  expect(tree.split('\n').filter((line) => /- (?:button|textbox|combobox|checkbox|spinbutton|link|img|progressbar)(?::|$| \[)/.test(line))).toEqual([]);
  await keepLook(page, 'dark-360');
  expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth)).toBe(360);
  expect(wrong).toEqual([]);
});

test('a service with tokens asks for one, and works below a prefix with it', async () => {
  await using guarded = await openTalkService({ clients: [{ name: 'ada', token: 'a-token-of-ada-0123' }], adminToken: 'a-token-of-the-administration' }, '/media');
  // Without the slash at its end as well.
  await using visit = await browser.open(guarded.url);
  const { page, wrong } = visit;
  await page.getByRole('textbox', { name: 'Token' }).fill('a-token-of-ada-0123');
  await keepLook(page, 'token-1280');
  await page.getByRole('button', { name: 'Use it' }).press('Enter');
  await page.locator('#file').setInputFiles(talk);
  await page.locator('#submit').click();
  await page.locator('.said').first().waitFor();
  await picturesShown(page);
  const [captions] = await Promise.all([page.waitForEvent('download'), page.locator('.files a', { hasText: '.vtt' }).click()]);
  expect(readFileSync(await captions.path(), 'utf8')).toMatch(/^WEBVTT/);
  expect(wrong.filter((line) => !line.includes('401'))).toEqual([]);
});

test('a reset needs the name of the service typed out, and tells what is gone', async () => {
  await using visit = await browser.open(service.url);
  const { page, wrong } = visit;
  await start(page, 'stumble', 'half.txt');
  // One that is followed still would be told that a reset took it, which a browser writes down as an error.
  await page.locator('.job .chip[data-state="failed"]').waitFor();
  await page.getByRole('button', { name: 'Reset…' }).press('Enter');
  const remove = page.getByRole('button', { name: 'Remove everything' });
  await page.keyboard.type('talk');
  expect(await remove.isDisabled()).toBe(true);
  await page.keyboard.type('s');
  await keepLook(page, 'reset-1280');
  await page.keyboard.press('Enter');
  await page.locator('#reset-report', { hasText: 'Done' }).waitFor();
  expect(await page.locator('#reset-report li').first().textContent()).toMatch(/^\d+ jobs and \d+ files removed, .+ freed\.$/);
  await keepLook(page, 'reset-done-1280');
  await page.keyboard.press('Escape');
  await page.locator('#no-jobs').waitFor();
  expect((await service.jobs.list()).jobs).toEqual([]);
  expect(wrong).toEqual([]);
});
