import { expect, test } from 'vitest';
import { DisposalStack } from '@media-jobs/foundation';

function thing(name: string, log: string[], error?: Error): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      log.push(name);
      if (error !== undefined) throw error;
    },
  };
}

test('things are disposed last first, and only once', async () => {
  const log: string[] = [];
  const stack = new DisposalStack();
  stack.use(thing('first', log));
  stack.use({ [Symbol.dispose]: () => void log.push('second') });
  await stack[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
  expect(log).toEqual(['second', 'first']);
});

test('what was moved away stays', async () => {
  const log: string[] = [];
  let kept: DisposalStack;
  {
    await using stack = new DisposalStack();
    stack.use(thing('kept', log));
    kept = stack.move();
  }
  expect(log).toEqual([]);
  await kept[Symbol.asyncDispose]();
  expect(log).toEqual(['kept']);
});

test('one that throws does not spare the others, and nothing that was thrown is lost', async () => {
  const log: string[] = [];
  const stack = new DisposalStack();
  stack.use(thing('first', log, new Error('one')));
  stack.use(thing('second', log, new Error('two')));
  await expect(stack[Symbol.asyncDispose]()).rejects.toMatchObject({ errors: [new Error('two'), new Error('one')] });
  expect(log).toEqual(['second', 'first']);
});
