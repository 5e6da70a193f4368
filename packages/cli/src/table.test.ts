import { expect, test } from 'vitest';
import { displayWidth, labelledLines, tableText } from './table.ts';

const columns = [{ title: 'ID' }, { title: 'NAME', leastWidth: 4 }, { title: 'END' }];

test('columns are as wide as their widest cell, and no line ends with blanks', () => {
  expect(tableText(columns, [['1', 'long name', 'x'], ['22', 'b', '']], 100)).toBe('ID  NAME       END\n1   long name  x\n22  b\n');
});

test('what is too long for the width is cut where it may be, with a sign', () => {
  const text = tableText(columns, [['1', 'a very long name', 'x']], 20);
  expect(text).toBe('ID  NAME         END\n1   a very lon…  x\n');
});

test('no column is made narrower than its least width', () => {
  expect(tableText(columns, [['12345678', 'abcdefgh', 'xyz']], 5)).toBe('ID        NAME  END\n12345678  abc…  xyz\n');
});

test('a character that takes two columns, or none of its own, is counted as a terminal shows it', () => {
  expect([displayWidth('日本'), displayWidth('e\u0301'), displayWidth('😀x')]).toEqual([4, 1, 3]);
  expect(tableText(columns, [['1', '日本語日本語', 'x']], 15)).toBe('ID  NAME    END\n1   日本…   x\n');
});

test('further lines of a text stand below its first', () => {
  expect(labelledLines([['a', 'one\ntwo'], ['bcd', 'three']])).toEqual(['a    one', '     two', 'bcd  three']);
});
