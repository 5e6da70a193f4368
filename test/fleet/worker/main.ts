import { MediaJobError } from '@media-jobs/foundation';
import { openFleet, type FleetPlace, type OpenFleet } from '../open-fleet.ts';
import { redisAwayExit } from '../worker-exit.ts';

process.once('disconnect', () => process.exit());
process.on('message', () => void opening.then(close));

const opening = openFleet(JSON.parse(process.argv[2] ?? '') as FleetPlace, true).catch((error: unknown) => {
  if (MediaJobError.from(error).class !== 'infrastructure') throw error;
  process.exit(redisAwayExit);
});
await opening;

async function close({ jobs }: OpenFleet): Promise<void> {
  await jobs.close({ deadlineMs: 5_000 });
  process.disconnect();
}
