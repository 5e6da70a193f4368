import { expect, test } from 'vitest';
import { createMemoryStore } from '@media-jobs/core';
import { appliesTo, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { createFakeClock } from '@media-jobs/core/testing';

function harness(): JobStoreHarness {
  const clock = createFakeClock();
  return { capabilities: { multiProcess: false, durable: false }, create: async () => createMemoryStore({ clock }), advance: (ms) => clock.advance(ms) };
}

for (const each of jobStoreCases.filter((one) => appliesTo(one, harness().capabilities))) {
  test(each.name, () => each.run(harness()));
}

test('every conformance case has a name of its own', () => {
  const names = jobStoreCases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
