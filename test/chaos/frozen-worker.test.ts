import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { contentOf, leftOfChaos, openChaosBench, sha256Of } from './chaos-bench.ts';
import { storesUnderTest } from './stores-under-test.ts';
import { digestFile, digestText } from './worker/digest-operation.ts';

const leases = { heartbeatMs: 300, leaseMs: 1_500 };

vi.setConfig({ testTimeout: 120_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

describe.each(storesUnderTest)('on $name', (under) => {
  test.concurrent.each([
    ['in the middle of its work', 'progress-2'],
    ['with its output written', 'output-written'],
    ['as it commits', 'committing'],
  ] as const)('a worker that is frozen beyond its lease %s cannot overwrite the newer result, and its output is gone', async (_, step) => {
    await using bench = await openChaosBench(under, leases);
    const file = bench.inputFile('frozen');
    const sha256 = sha256Of(contentOf('frozen'));
    const frozen = await bench.start(step);
    await frozen.send({ do: 'submit', file });
    await frozen.until('reached');
    await bench.freeze(frozen);
    const { token: lostToken } = await frozen.until('begun');
    const other = await bench.start();
    await other.send({ do: 'submit', file });
    expect(await other.until('result')).toMatchObject({ sha256 });
    const { token } = await other.until('begun');
    const [before] = await bench.records();
    expect(before).toMatchObject({ state: 'completed', losses: 1, output: { sha256 }, outputFolder: expect.stringContaining(token) });
    expect(lostToken).not.toBe(token);

    frozen.thaw();
    if (step === 'committing') {
      await frozen.send({ do: 'go' });
      expect(await frozen.until('told')).toMatchObject({ token: lostToken, committed: false });
    } else {
      // Nobody lets it go on: that the claim is lost reaches the work by itself.
      expect(await frozen.until('ended')).toMatchObject({ token: lostToken, how: 'CLAIM_LOST' });
      expect(frozen.has('told')).toBe(false);
    }
    // It hears of the result of the other as everybody does.
    expect(await frozen.until('result')).toMatchObject({ sha256 });
    await frozen.close();
    await other.close();
    expect(await bench.records()).toEqual([before]);
    const outputFolder = join(bench.workFolder, before?.outputFolder ?? '');
    expect(readdirSync(dirname(outputFolder))).toEqual([basename(outputFolder)]);
    expect(readFileSync(join(outputFolder, digestFile), 'utf8')).toBe(digestText(sha256, token));
    expect((await bench.sweepAfterTtl()).errors).toEqual([]);
    expect(await bench.left()).toEqual([]);
  });

  test.concurrent('the late commit of a worker that was frozen is refused while another is still at work, and the other one completes the job', async () => {
    await using bench = await openChaosBench(under, leases);
    const file = bench.inputFile('frozen');
    const frozen = await bench.start('committing');
    await frozen.send({ do: 'submit', file });
    await frozen.until('reached');
    await bench.freeze(frozen);
    const other = await bench.start('progress-2');
    await other.until('reached');
    frozen.thaw();
    await frozen.send({ do: 'go' });
    expect((await frozen.until('told')).committed).toBe(false);
    await frozen.close();
    const { token } = await other.until('begun');
    expect(await bench.records()).toMatchObject([{ state: 'running', claim: { token }, losses: 1 }]);
    await other.send({ do: 'go' });
    expect(await other.until('told')).toMatchObject({ token, committed: true });
    await other.close();
    expect(await bench.records()).toMatchObject([{ state: 'completed', outputFolder: expect.stringContaining(token), history: [{ ended: 'lost' }, { ended: 'completed' }] }]);
    expect(bench.leftFiles().filter((path) => path.endsWith(digestFile))).toHaveLength(1);
  });
});
