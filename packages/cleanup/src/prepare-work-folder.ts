import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemCode, writeError } from './file-errors.ts';
import { parseObject } from './ledger-entry.ts';
import { isRandomId, randomId } from './names.ts';
import { ownFolder, unsafe } from './own-folder.ts';
import { publishFile } from './publish-file.ts';
import { createTempFiles } from './temp-files.ts';
import { outerTempName, type WorkFolderPlaces } from './work-folder-places.ts';

/** Version of the layout below a work folder. A newer one is refused. */
export const workFolderVersion = 1;

const markerName = 'media-jobs.json';

/**
 * Makes a work folder and its parts where they are missing, or proves that what is there is ours: no link, of this
 * user, not open to everybody, and of a version that is understood. Throws `WORK_FOLDER_UNSAFE`, `DISK_FULL`,
 * `OUTPUT_UNWRITABLE`.
 */
export async function prepareWorkFolder(folder: string, outerTemp?: string): Promise<WorkFolderPlaces> {
  const path = await ownFolder(resolve(folder));
  const [jobsFolder, ledgerFolder, locksFolder, innerTemp] = [join(path, 'jobs'), join(path, 'ledger'), join(path, 'locks'), join(path, 'temp')];
  const id = (await readMarker(path)) ?? (await makeMarker(path, [jobsFolder, ledgerFolder], innerTemp));
  for (const part of [jobsFolder, ledgerFolder, locksFolder, innerTemp]) await ownFolder(part);
  const tempFolder = outerTemp === undefined ? innerTemp : await ownFolder(join(resolve(outerTemp), outerTempName(id)));
  return Object.freeze({ folder: path, jobsFolder, tempFolder, ledgerFolder, locksFolder, id });
}

/** The id in the marker file, or nothing when there is none. */
async function readMarker(folder: string): Promise<string | undefined> {
  const path = join(folder, markerName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw unsafe(path, 'a readable marker of a work folder', systemCode(error), 'Give this user the right to read it.', error);
  });
  if (text === undefined) return undefined;
  const { version, id } = parseObject(text);
  if (typeof version === 'number' && version > workFolderVersion) throw unsafe(folder, `a work folder of version ${workFolderVersion} or older`, `version ${version}`, 'Use the newer media-jobs that made it, or choose another folder.');
  if (version !== workFolderVersion || typeof id !== 'string' || !isRandomId(id)) throw unsafe(path, 'the marker of a work folder', 'something else', 'If the folder is a work folder, remove this file; else choose another folder.');
  return id;
}

/** Several processes may do this at once: the first marker stands, and all use its id. */
async function makeMarker(folder: string, mustBeEmpty: readonly string[], temp: string): Promise<string> {
  try {
    for (const path of mustBeEmpty) await requireEmpty(path);
  } catch (error) {
    // Whoever was first may be at work already: its marker stood before anything of it lay there.
    const first = await readMarker(folder);
    if (first === undefined) throw error;
    return first;
  }
  await ownFolder(temp);
  await using draft = await createTempFiles({ folder: temp }).file({ prefix: 'marker', extension: '.json' });
  const id = randomId();
  try {
    await writeFile(draft.path, `${JSON.stringify({ version: workFolderVersion, id })}\n`);
    await publishFile(draft.path, join(folder, markerName));
    return id;
  } catch (error) {
    const first = await readMarker(folder);
    if (first === undefined) throw writeError(folder, error);
    return first;
  }
}

/** Whatever lies there without a marker belongs to somebody else, and the cleanup would take it for an orphan. */
async function requireEmpty(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw unsafe(path, 'a folder or nothing', systemCode(error), 'Choose another work folder.', error);
  });
  if (names.length > 0) throw unsafe(path, 'empty before the first use of this work folder', `${names.length} entries`, 'Choose a folder that nothing else uses.');
}
