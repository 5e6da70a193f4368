import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { attemptsOf, overlaps } from './attempts.ts';
import { contentOf, leftOfChaos, openChaosBench, sha256Of, type ChaosBench } from './chaos-bench.ts';
import { playRounds } from './play-rounds.ts';
import { planRounds } from './schedule.ts';
import { storesUnderTest } from './stores-under-test.ts';
import { digestFile, digestText } from './worker/digest-operation.ts';

/** `npm run test:kill` plays 200. Another seed is another schedule. */
const count = Number(process.env['CHAOS_ROUNDS'] ?? 20);
const seed = Number(process.env['CHAOS_SEED'] ?? 1);

const leaseMs = 3_000;
const patienceMs = 60_000;

vi.setConfig({ testTimeout: 120_000 + count * 6_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

/** Until nothing is in line and nothing runs. */
async function untilQuiet({ store }: ChaosBench): Promise<void> {
  await expect.poll(async () => {
    const { queued, running, retrying } = (await store.stats()).byState;
    return queued + running + retrying;
  }, { timeout: patienceMs, interval: 100 }).toBe(0);
}

/** Each accepted job has ended with its own result, written by the one claim whose commit the store took. */
async function expectAllCompletedOnce(bench: ChaosBench): Promise<void> {
  const records = await bench.records();
  const accepted = new Set(bench.workers.flatMap(({ events }) => events.flatMap((event) => (event.event === 'accepted' ? [event.id] : []))));
  expect([...accepted].filter((id) => records.every((record) => record.id !== id))).toEqual([]);
  const attempts = attemptsOf(bench.workers);
  for (const { id, state, output, outputFolder, inputFolder, history, generation, artifacts, inputs } of records) {
    const sha256 = sha256Of(contentOf(inputs[0]?.originalName ?? ''));
    const token = basename(outputFolder ?? '');
    expect({ id, state, output, inputFolder, generation, artifacts: artifacts.map(({ name }) => name) }).toEqual({ id, state: 'completed', output: { sha256 }, inputFolder: null, generation: 1, artifacts: [digestFile] });
    expect(readFileSync(join(bench.workFolder, outputFolder ?? '', digestFile), 'utf8')).toBe(digestText(sha256, token));
    expect(history.filter(({ ended }) => ended === 'completed')).toHaveLength(1);
    expect(history.at(-1)?.ended).toBe('completed');
    for (const attempt of attempts.filter((other) => other.id === id && other.committed !== null)) expect(attempt).toMatchObject({ committed: attempt.token === token });
  }
}

describe.each(storesUnderTest)('on $name', (under) => {
  test(`workers killed and frozen at each step of a job's life, ${count} rounds: every job ends once, with its own result, and nothing is left`, async () => {
    await using bench = await openChaosBench(under, { heartbeatMs: 400, leaseMs });
    const rounds = planRounds(seed, count);
    const thawed = await playRounds({ bench, rounds, frozenMs: 1.5 * leaseMs });
    const clean = await bench.start();
    await untilQuiet(bench);
    await Promise.all([clean, ...thawed].map((worker) => worker.close()));

    await expectAllCompletedOnce(bench);
    expect(overlaps(attemptsOf(bench.workers))).toEqual([]);
    const losses = (await bench.records()).reduce((sum, record) => sum + record.losses, 0);
    expect(losses).toBeGreaterThanOrEqual(rounds.filter(({ step }) => step.startsWith('progress')).length);

    expect(await bench.sweepAfterTtl()).toMatchObject({ errors: [], leftByDeadOwners: { unjudged: 0 } });
    expect(await bench.left()).toEqual([]);
    expect(Object.values((await bench.store.stats()).byState)).toEqual(Array.from({ length: 7 }, () => 0));
  });
});
