import type { ConformanceCase, JobStoreHarness } from './harness.ts';
import { claimCases } from './job-store/claim-cases.ts';
import { commitCases } from './job-store/commit-cases.ts';
import { dueCases } from './job-store/due-cases.ts';
import { epochCases, settingsCases } from './job-store/epoch-cases.ts';
import { expiryCases } from './job-store/expiry-cases.ts';
import { foreignRecordCases } from './job-store/foreign-record-cases.ts';
import { cancelCases, releaseCases } from './job-store/give-up-cases.ts';
import { durableCases, sharedCases } from './job-store/handle-cases.ts';
import { heartbeatCases } from './job-store/heartbeat-cases.ts';
import { listCases, statsCases } from './job-store/list-cases.ts';
import { redriveCases } from './job-store/redrive-cases.ts';
import { submitCases } from './job-store/submit-cases.ts';
import { closingCases, watchCases } from './job-store/watch-cases.ts';

/** What every `JobStore` must do. Run those that apply to its capabilities (`appliesTo`); names are unique. */
export const jobStoreCases: readonly ConformanceCase<JobStoreHarness>[] = Object.freeze([
  ...submitCases, ...claimCases, ...heartbeatCases, ...commitCases, ...releaseCases, ...cancelCases, ...dueCases, ...expiryCases, ...redriveCases, ...listCases, ...statsCases,
  ...watchCases, ...epochCases, ...settingsCases, ...foreignRecordCases, ...durableCases, ...sharedCases, ...closingCases,
]);
