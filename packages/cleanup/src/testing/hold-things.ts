// Opens a work folder, holds one thing of each kind and a process, says so, and waits to be killed.
// With a third argument it makes and removes things without end instead.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openWorkFolder } from '@media-jobs/cleanup';
import { ownerId, runProgram } from '@media-jobs/process';

const [folder = '', near = '', mode = 'hold'] = process.argv.slice(2);
const work = await openWorkFolder({ folder });
const say = (facts: unknown): void => void process.stdout.write(`${JSON.stringify(facts)}\n`);

async function hold(): Promise<void> {
  const file = await work.temp.file({ extension: '.wav' });
  writeFileSync(file.path, 'a temp file');
  const nested = await work.temp.folder({ prefix: 'decode' });
  mkdirSync(join(nested.path, 'deep', 'er'), { recursive: true });
  writeFileSync(join(nested.path, 'deep', 'er', 'chunk.pcm'), 'a chunk');
  // Leads to the folder of the test, never to anything that a broken removal must not reach.
  symlinkSync(dirname(near), join(nested.path, 'outward'));
  const part = await work.temp.file({ near });
  writeFileSync(part.path, 'half a file');
  const staged = await work.stageJobFolder('jobs/epoch/job/staged');
  const taken = await work.stageJobFolder('jobs/epoch/job/taken');
  writeFileSync(join(taken.path, 'input'), 'an accepted input');
  await taken.handOver();
  const started = Promise.withResolvers<number>();
  // A shell that puts another process behind it, as a wrapper script would. It must outlast the longest run of the tests.
  const endless = runProgram({ command: 'sh', args: ['-c', 'sleep 14400 & echo $!; wait'], parentDeath: 'ignore', onStdoutLine: (line) => started.resolve(Number(line)) });
  say({ owner: ownerId(), paths: [file.path, nested.path, part.path], staged: staged.path, taken: taken.path, grandchild: await started.promise });
  await endless;
}

async function churn(): Promise<void> {
  say({ owner: ownerId() });
  // Outlives the kill, at whatever step of its start that comes.
  void runProgram({ command: 'sh', args: ['-c', 'sleep 600 & wait'], parentDeath: 'ignore' });
  for (let round = 0; ; round += 1) {
    await using file = await work.temp.file();
    await using nested = await work.temp.folder();
    await using part = await work.temp.file({ near });
    await using staged = await work.stageJobFolder(`jobs/epoch/job/token${round}`);
    writeFileSync(join(nested.path, 'inside'), file.path + part.path + staged.path);
  }
}

await (mode === 'churn' ? churn() : hold());
