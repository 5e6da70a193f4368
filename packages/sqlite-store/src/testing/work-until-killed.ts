import { createSqliteStore } from '@media-jobs/sqlite-store';
import { sampleClaim, sampleRequest, sampleSuccess } from './sample-jobs.ts';

/** Submits, claims and commits without end, and says what was acknowledged as soon as it was. */
const [file = '', name = ''] = process.argv.slice(2);
const store = createSqliteStore({ file });
const epoch = await store.epoch();
for (let number = 0; ; number += 1) {
  const key = `${name}-${number}`;
  const outcome = await store.submit(sampleRequest(epoch, key));
  process.send?.({ submitted: outcome.kind === 'refused' ? null : outcome.record.id });
  if (number % 3 === 0) continue;
  const [claimed] = await store.claim(sampleClaim({ owner: name }));
  if (claimed === undefined) continue;
  const { committed } = await store.commit(claimed.key, sampleSuccess(claimed));
  if (committed) process.send?.({ completed: claimed.key.id });
}
