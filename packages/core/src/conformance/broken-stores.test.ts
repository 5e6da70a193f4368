import { expect, test } from 'vitest';
import { createMemoryStore } from '@media-jobs/core';
import { brokenStores, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { createFakeClock } from '@media-jobs/core/testing';

function harness(wrap: (typeof brokenStores)[number]['wrap'] = (store) => store): JobStoreHarness {
  const clock = createFakeClock();
  return { capabilities: { multiProcess: false, durable: false }, create: async () => wrap(createMemoryStore({ clock })), advance: (ms) => clock.advance(ms) };
}

for (const { name, rejectedBy, wrap } of brokenStores) {
  test(`a store is rejected when ${name}`, async () => {
    const rejecting = jobStoreCases.find((each) => each.name === rejectedBy);
    await rejecting?.run(harness());
    await expect(rejecting?.run(harness(wrap))).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
}

test('each guard of the model that a store keeps has a case and a store that breaks it', () => {
  for (const guard of [1, 3, 4, 5, 6, 8, 9]) {
    expect(jobStoreCases.some(({ name }) => name.startsWith(`guard ${guard}:`))).toBe(true);
    expect(brokenStores.some(({ rejectedBy }) => rejectedBy.startsWith(`guard ${guard}:`))).toBe(true);
  }
});
