// Runs one case as user 65534, for whom the modes of files count, and says what came of it.
import { dirname } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { checkInputFile, createTempFiles, resettableFolder, linkOrCopy, openWorkFolder, publishFile, removePath, removeTree, resetAll } from '@media-jobs/cleanup';

const [name = '', first = '', second = ''] = process.argv.slice(2);
const cases: Record<string, () => Promise<unknown>> = {
  remove: () => removePath(first, { root: second, retryMs: 0 }),
  'remove-tree': () => removeTree(first, { root: second, retryMs: 0 }),
  'remove-outside': () => removePath(first, { retryMs: 0 }),
  reset: () => resetAll([resettableFolder({ name: 'folder', folder: first })], { level: 'deep' }),
  check: () => checkInputFile(first),
  link: () => linkOrCopy(first, second),
  publish: () => publishFile(first, second),
  temp: async () => {
    await using file = await createTempFiles({ folder: first }).file();
    return dirname(file.path);
  },
  open: async () => {
    await using folder = await openWorkFolder({ folder: first });
    return folder.path;
  },
};

// The modules are loaded by now: a checkout in a private folder could not be read afterwards.
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
}
try {
  process.stdout.write(`${JSON.stringify({ result: (await cases[name]?.()) ?? null })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: MediaJobError.from(error) })}\n`);
}
