import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { appliesTo, jobStoreCases } from '@media-jobs/core/conformance';
import { sqliteHarness } from './testing/store-harness.ts';

describe.each([1, 2] as const)('a SQLite store with %d handle(s)', (handles) => {
  const harness = sqliteHarness({ handles });
  afterAll(() => {
    const left = readdirSync(harness.folder).filter((name) => !name.endsWith('.db'));
    harness[Symbol.dispose]();
    expect(left, 'Every case closes its stores, and the last one folds the log into the file').toEqual([]);
  });

  test.each(jobStoreCases.filter((each) => appliesTo(each, harness.capabilities)))('$name', async ({ run }) => {
    await run(harness);
  });
});
