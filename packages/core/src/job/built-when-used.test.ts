import { expect, test } from 'vitest';
import { z } from 'zod';
import { builtWhenUsed, once } from './built-when-used.ts';

test('a value is built when it is first asked for, and once, also when it is undefined', () => {
  let built = 0;
  const value = once(() => void (built += 1));
  expect(built).toBe(0);
  value();
  value();
  expect(built).toBe(1);
});

test('a schema that is built when it is used is as good as one that stood there before', () => {
  let built = 0;
  const schema = builtWhenUsed(() => {
    built += 1;
    return z.strictObject({ name: z.string() });
  });
  expect(built).toBe(0);
  expect(schema.parse({ name: 'a' })).toEqual({ name: 'a' });
  expect(schema.safeParse({}).success).toBe(false);
  expect(z.array(schema).optional().parse([{ name: 'b' }])).toEqual([{ name: 'b' }]);
  expect(schema.extend({ age: z.number() }).parse({ name: 'a', age: 1 })).toEqual({ name: 'a', age: 1 });
  expect(schema instanceof z.ZodObject).toBe(true);
  expect(z.toJSONSchema(schema)).toMatchObject({ type: 'object', required: ['name'] });
  expect(built).toBe(1);
});
