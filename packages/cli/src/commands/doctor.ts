import { exitCodes, modelsFolderOption, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { allWell, findingsAsJson, findingsAsText } from '../doctor/finding.ts';
import { examine } from '../doctor/findings.ts';
import { examineStore } from '../doctor/store-finding.ts';
import { redisStoreOf } from '../jobs/redis-place.ts';
import { storeOptions } from '../jobs/work-place.ts';
import { verboseLogger } from '../line-logger.ts';
import { settingsOf } from '../settings.ts';

/** `media-jobs doctor`. */
export const doctor: Command = Object.freeze({
  name: 'doctor',
  about: 'say what is there, what is missing, and what to do about it',
  operands: [],
  options: [
    { name: 'model', value: 'MODEL', about: 'look at this model too (default: $MEDIA_JOBS_MODEL)' },
    modelsFolderOption,
    ...storeOptions,
    { name: 'json', about: 'print one object for programs' },
  ],
  details: ['Ends with 1 when something is missing that is needed.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { environment, signal, stdout } = context;
  const openRedis = await redisStoreOf(invocation, environment, verboseLogger(invocation.isSet('verbose'), context));
  const [tools, store] = await Promise.all([examine(settingsOf(invocation, environment), signal), openRedis === null ? [] : examineStore(openRedis, signal)]);
  const findings = [...tools, ...store];
  await stdout.write(invocation.isSet('json') ? findingsAsJson(findings) : findingsAsText(findings));
  return allWell(findings) ? exitCodes.success : exitCodes.failure;
}
