import { createMediaJobs, type Attempt } from '@media-jobs/core';
import { hang, letterPipeline, letterSteps } from '../../packages/core/src/pipeline/testing/letter-steps.ts';
import { openStore, type StoreSpec } from '../chaos/worker/open-store.ts';

/** What the test tells this process, as JSON: where, and in which step it waits to be killed; `then` is what it says. */
interface Orders {
  readonly folder: string;
  readonly store: StoreSpec;
  readonly haltIn: string | null;
  /** Whether it submits the pipeline; else it only opens, and works on what is there. */
  readonly submits: boolean;
}

const { folder, store, haltIn, submits } = JSON.parse(process.argv[2] ?? '') as Orders;
process.once('disconnect', () => process.exit());

const halt = (name: string) => async (attempt: Attempt): Promise<void> => {
  process.send?.({ event: 'in', name });
  if (name === haltIn) await hang(attempt);
};
const steps = letterSteps({ fetch: halt('fetch'), upper: halt('upper'), count: halt('count') });
const pipeline = letterPipeline('letters', steps);
const jobs = await createMediaJobs({
  operations: [steps.fetch, steps.upper, steps.count, pipeline],
  store: await openStore(store),
  workFolder: `${folder}/work`,
  pollIntervalMs: 50,
});
if (submits) {
  const job = await jobs.submit('letters', { text: 'hello', mark: '!' });
  const { count } = await job.result();
  process.send?.({ event: 'result', letters: count.output.letters });
} else {
  process.send?.({ event: 'open' });
}
