import { afterAll, describe, expect, test, vi } from 'vitest';
import { contentOf, leftOfChaos, openChaosBench, sha256Of } from './chaos-bench.ts';
import { storesUnderTest } from './stores-under-test.ts';

/** `npm run test:kill` takes 50. */
const processes = Number(process.env['CHAOS_PROCESSES'] ?? 16);

vi.setConfig({ testTimeout: 240_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

describe.each(storesUnderTest)('on $name', (under) => {
  test(`${processes} processes that submit one content at the same moment cause one run, and all get its result`, async () => {
    // Fifty processes on two cores may each wait for seconds until they run: a claim must outlast that.
    await using bench = await openChaosBench(under, { heartbeatMs: 5_000, leaseMs: 60_000 });
    const workers = await Promise.all(Array.from({ length: processes }, () => bench.start()));
    const file = bench.inputFile('one');
    await Promise.all(workers.map((worker) => worker.send({ do: 'submit', file })));
    const results = await Promise.all(workers.map((worker) => worker.until('result')));
    expect(new Set(results.map(({ sha256 }) => sha256))).toEqual(new Set([sha256Of(contentOf('one'))]));
    await Promise.all(workers.map((worker) => worker.close()));
    const begun = workers.flatMap(({ events }) => events).filter(({ event }) => event === 'begun');
    expect(begun).toHaveLength(1);
    const records = await bench.records();
    expect(records).toMatchObject([{ state: 'completed', generation: 1, attempts: 1, losses: 0, history: [{ ended: 'completed' }] }]);
    // The copies that the others had staged are gone; what stays is the one result.
    expect(bench.leftFiles().filter((path) => /\.txt$|input/.test(path))).toEqual([`${records[0]?.outputFolder}/digest.txt`]);
    expect(await bench.sweepAfterTtl()).toMatchObject({ expired: { jobs: 1, files: 1 }, errors: [] });
    expect(await bench.left()).toEqual([]);
  });
});
