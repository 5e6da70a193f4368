import { expect, test } from 'vitest';
import { harmlessExtension, isPartName, isTempName, partName, tempName } from './names.ts';

test('a temp name holds the prefix, 26 random letters and the extension, and is known again', () => {
  expect(tempName('decode', '.wav')).toMatch(/^decode-[a-z2-7]{26}\.wav$/);
  expect(isTempName(tempName('decode', '.wav'))).toBe(true);
  expect(isTempName(tempName())).toBe(true);
});

test('a part name is hidden, ends with the extension of its target, and is known again', () => {
  expect(partName('.mp4')).toMatch(/^\.[a-z2-7]{26}\.part\.mp4$/);
  expect(isPartName(partName('.mp4'))).toBe(true);
  expect(isPartName(partName())).toBe(true);
});

test('a thousand names are a thousand different names', () => {
  expect(new Set(Array.from({ length: 1000 }, () => tempName())).size).toBe(1000);
});

test.each(['', '../up', 'a/b', 'a b', 'ü', 'x'.repeat(33), '.'])('the prefix %j is refused', (prefix) => {
  expect(() => tempName(prefix)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test.each(['wav', './x', '.wav/..', '.', '.ninechars', '.a b'])('the extension %j is refused', (extension) => {
  expect(() => tempName('temp', extension)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(harmlessExtension(extension)).toBe('');
});

test.each(['passwd', 'temp-short', 'temp-aaaaaaaaaaaaaaaaaaaaaaaaaa/..', 'temp-AAAAAAAAAAAAAAAAAAAAAAAAAA', '../temp-aaaaaaaaaaaaaaaaaaaaaaaaaa', 'temp-aaaaaaaaaaaaaaaaaaaaaaaaaa\n'])('the name %j of somebody else is not taken for ours', (name) => {
  expect(isTempName(name)).toBe(false);
  expect(isPartName(name)).toBe(false);
});
