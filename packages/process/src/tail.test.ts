import { describe, expect, it } from 'vitest';
import { createTail } from './tail.ts';

describe('a tail', () => {
  it('keeps everything while it fits', () => {
    const tail = createTail(4);
    tail.push('a');
    tail.push('b');
    expect(tail.text()).toBe('a\nb\n');
  });

  it('drops the oldest lines first', () => {
    const tail = createTail(4);
    for (const line of ['a', 'b', 'c']) tail.push(line);
    expect(tail.text()).toBe('b\nc\n');
  });

  it('counts bytes, not characters', () => {
    const tail = createTail(6);
    for (const line of ['éé', 'e']) tail.push(line);
    expect(tail.text()).toBe('e\n');
  });

  it('keeps nothing when it may keep nothing', () => {
    const tail = createTail(0);
    tail.push('a');
    expect(tail.text()).toBe('');
  });

  it('keeps the last of very many', () => {
    const tail = createTail(100);
    for (let i = 0; i < 100_000; i += 1) tail.push(String(i).padStart(9, '0'));
    expect(tail.text().split('\n').slice(0, -1)).toEqual(Array.from({ length: 10 }, (_, i) => String(99_990 + i).padStart(9, '0')));
  });
});
