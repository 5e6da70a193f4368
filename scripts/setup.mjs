// Makes the clone ready for a command of package.json, and does nothing where it is. It runs before anything is installed,
// so it is plain JavaScript for Node 20 without dependencies.
//
//   node scripts/setup.mjs demo     packages, ffmpeg, build
//   node scripts/setup.mjs services these, and Redis
//   node scripts/setup.mjs test     these, the programs that tests need, and whisper-cli
//
// Each step is quick when there is nothing to do: together well below a second.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIsCurrent, digestOfSources, rememberBuild } from './setup/build-stamp.mjs';
import { installedPackagesFit } from './setup/installed-packages.mjs';
import { missingPrograms, programsFor } from './setup/programs.mjs';
import { runStep, SetupError } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');

const atLeast = (version, major) => Number.parseInt(version.replace(/^v/, ''), 10) >= major;

function checkNode() {
  if (!atLeast(process.versions.node, 20)) {
    throw new SetupError(`Expected Node 20 or newer, got ${process.versions.node}.`, 'Install a newer Node: https://nodejs.org.');
  }
  const npm = /\bnpm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '')?.[1];
  if (npm !== undefined && !atLeast(npm, 10)) {
    throw new SetupError(`Expected npm 10 or newer, got ${npm}.`, 'Run `npm install --global npm@11`, or install a newer Node.');
  }
}

/** The path without the folders of installed packages: npm is to run on the machine's own Node while it replaces them. */
function pathOfMachine() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return (process.env.PATH ?? '').split(separator).filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder)).join(separator);
}

async function installPackages() {
  if (installedPackagesFit(root)) return;
  const env = { ...process.env, PATH: pathOfMachine() };
  const advice = 'Look at the lines above; the registry of packages must be reachable. Then run the command again.';
  await runStep('Installing the packages (about 300 MB, once)', 'npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], { cwd: root, env, advice });
  if (!existsSync(join(bin, 'node'))) {
    throw new SetupError('Expected npm to install the Node of the package `node`, but it ran no install script of it.', 'Allow install scripts (`npm config delete ignore-scripts`) and run the command again.');
  }
}

const isRoot = () => process.getuid?.() === 0;
const canInstall = () => isRoot() && (existsSync('/usr/bin/apt-get') || existsSync('/bin/apt-get'));

async function installPrograms(mode) {
  const missing = await missingPrograms(programsFor(mode));
  if (missing.length === 0) return;
  const names = [...new Set(missing.flatMap((program) => program.debianPackage.split(' ')))];
  const advice = `Install by hand: apt-get install ${names.join(' ')} (Debian, Ubuntu), brew install ${names.join(' ')} (macOS), or the like; then run the command again.`;
  const list = missing.map((program) => program.name).join(', ');
  if (!canInstall()) throw new SetupError(`Expected to find ${list} on the path.`, advice);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...names];
  try {
    await runStep(`Installing ${list}`, 'apt-get', install, { cwd: root, env, advice, quietFailure: true });
  } catch {
    await runStep('Reading the list of Debian packages', 'apt-get', ['update'], { cwd: root, env, advice });
    await runStep(`Installing ${list}`, 'apt-get', install, { cwd: root, env, advice });
  }
  const still = await missingPrograms(missing);
  if (still.length > 0) throw new SetupError(`Expected to find ${still.map((program) => program.name).join(', ')} after installing, but did not.`, advice);
}

async function build() {
  const digest = digestOfSources(root);
  if (buildIsCurrent(root, digest)) return;
  const env = { ...process.env, PATH: `${bin}:${pathOfMachine()}`, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  const advice = 'Look at the lines above; the sources do not build as they stand.';
  await runStep('Building the packages', join(bin, 'turbo'), ['run', 'build', '--output-logs=errors-only'], { cwd: root, env, advice });
  rememberBuild(root, digest);
}

/** Tests run both engines. Compiling takes a few minutes, once on a machine: the result is kept in a cache of the user. */
async function buildEngine(mode) {
  if (mode !== 'test') return;
  const args = ['--conditions=@media-jobs/source', join(root, 'scripts', 'build-whisper-cli.ts')];
  const env = { ...process.env, PATH: `${bin}:${pathOfMachine()}` };
  const advice = 'Look at the lines above; cmake, make and a C++ compiler are needed.';
  await runStep('Building whisper-cli where it is missing (a few minutes, once)', join(bin, 'node'), args, { cwd: root, env, advice });
}

try {
  checkNode();
  await installPackages();
  await installPrograms(process.argv[2] ?? 'demo');
  await build();
  await buildEngine(process.argv[2]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n  ${error.advice}\n`);
  process.exitCode = 1;
}
