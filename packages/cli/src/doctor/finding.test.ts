import { expect, test } from 'vitest';
import { allWell, findingsAsJson, findingsAsText, type Finding } from './finding.ts';

const fine: Finding = { name: 'node', state: 'ok', detail: '24.21.0' };
const noted: Finding = { name: 'model', state: 'noted', detail: 'none given', advice: 'Give --model.' };
const missing: Finding = { name: 'ffmpeg', state: 'missing', detail: 'not found', advice: 'Install it.' };

test('each check is a line, and what to do stands below', () => {
  expect(findingsAsText([fine, missing])).toBe('ok       node    24.21.0\nmissing  ffmpeg  not found\n                 Install it.\n');
});

test('only what is missing makes the whole not well', () => {
  expect([allWell([fine, noted]), allWell([fine, missing])]).toEqual([true, false]);
});

test('the report for programs holds every check', () => {
  expect(JSON.parse(findingsAsJson([fine, noted]))).toEqual({ ok: true, checks: [fine, noted] });
});
