// What `npm run services` runs after the set-up: the four example services, each a process of its own, and a Redis for them.
//
//   npm run services                        with the model of the tests, which knows twenty words
//   WHISPER_MODEL=base npm run services     with a real one, which is downloaded once (148 MB)
//
//   npm run services -- FOLDER              keeps what they hold there; else in work/services, where it is found again
//
// Ctrl-C ends them all.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceList } from './services/service-list.ts';
import { startServices, type Fleet } from './services/start-services.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] === undefined ? join(root, 'work/services') : resolve(process.env['INIT_CWD'] ?? process.cwd(), process.argv[2]);
/** Ports 8001 to 8004, as the services have by themselves, where those are free. */
const firstPort = 8000;

const environment = { WHISPER_MODEL: process.env['WHISPER_MODEL'] ?? resolve(root, 'fixtures/twenty-words.en.ggml.bin'), ...(process.env['ALLOWED_NETWORKS'] === undefined ? { ALLOWED_NETWORKS: '127.0.0.0/8' } : {}) };

/** Resolves with the first that ends by itself, or with nothing at Ctrl-C. */
function firstEnd(fleet: Fleet): Promise<string | undefined> {
  const ends = serviceList.map(({ name }) => fleet.processOf(name).ended.then(() => name));
  const interrupted = new Promise<undefined>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(undefined));
  });
  return Promise.race([...ends, interrupted]);
}

console.log('Starting the services …');
const fleet = await startServices({ folder, firstPort, environment: () => environment, onOutput: (name, text) => process.stdout.write(text.replace(/^(?=.)/gm, `${name}: `)) });
for (const { name } of serviceList) console.log(`  ${name.padEnd(20)} ${fleet.url(name)}`);
console.log(`  ${'redis'.padEnd(20)} ${fleet.redisUrl}\n\nOpen ${fleet.url('orchestrator')} in a browser. Ctrl-C ends them all.`);
const ended = await firstEnd(fleet);
if (ended !== undefined) {
  console.error(`${ended} has ended by itself: the others are stopped.`);
  process.exitCode = 1;
}
console.log('\nStopping …');
await fleet[Symbol.asyncDispose]();
