import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface SetupModules {
  readonly installedPackagesFit: (root: string) => boolean;
  readonly digestOfSources: (root: string) => string;
  readonly buildIsCurrent: (root: string, digest: string) => boolean;
  readonly rememberBuild: (root: string, digest: string) => void;
  readonly missingPrograms: (programs: readonly { readonly name: string; readonly command: string; readonly args: readonly string[] }[]) => Promise<readonly { readonly name: string }[]>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-setup-'));
const setup: Partial<SetupModules> = {};

/** The set-up is plain JavaScript for any Node, so its types stand here. */
async function load(name: string): Promise<void> {
  Object.assign(setup, await import(new URL(`../scripts/setup/${name}.mjs`, import.meta.url).href));
}

beforeAll(async () => {
  await Promise.all(['installed-packages', 'build-stamp', 'programs'].map(load));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeJson(file: string, value: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}

/** A clone with these packages in its lockfile and those in node_modules. */
function cloneWith(wanted: object, installed: object | null): string {
  const clone = mkdtempSync(join(folder, 'clone-'));
  writeJson(join(clone, 'package-lock.json'), { packages: { '': {}, ...wanted } });
  mkdirSync(join(clone, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(clone, 'node_modules/.bin/node'), '');
  if (installed !== null) writeJson(join(clone, 'node_modules/.package-lock.json'), { packages: installed });
  return clone;
}

const zod = { 'node_modules/zod': { version: '4.0.0', integrity: 'sha512-a' } };

test.each([
  ['all that the lockfile names is there', zod, zod, true],
  ['more is there', {}, zod, true],
  ['an optional package for another platform is absent', { 'node_modules/for-mac': { version: '1.0.0', optional: true } }, {}, true],
  ['a package is absent', zod, {}, false],
  ['a package has another version', zod, { 'node_modules/zod': { version: '4.0.1', integrity: 'sha512-a' } }, false],
  ['a package has other bytes', zod, { 'node_modules/zod': { version: '4.0.0', integrity: 'sha512-b' } }, false],
  ['an optional package has another version', { 'node_modules/here': { version: '1.0.0', optional: true } }, { 'node_modules/here': { version: '0.9.0' } }, false],
  ['the last install did not come to its end', zod, null, false],
])('when %s, the packages fit: %s', (_, wanted, installed, fit) => {
  expect(setup.installedPackagesFit?.(cloneWith(wanted, installed))).toBe(fit);
});

test('a build counts as current until a source changes or its output is gone, and tests are no sources', () => {
  const clone = mkdtempSync(join(folder, 'build-'));
  cpSync(join(root, 'packages/foundation'), join(clone, 'packages/foundation'), { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const name of ['tsup.base.ts', 'tsconfig.json', 'turbo.json', 'package-lock.json']) cpSync(join(root, name), join(clone, name));
  mkdirSync(join(clone, 'packages/foundation/dist'), { recursive: true });
  writeFileSync(join(clone, 'packages/foundation/dist/index.js'), '');
  const isCurrent = (): boolean | undefined => setup.buildIsCurrent?.(clone, setup.digestOfSources?.(clone) ?? '');
  expect(isCurrent()).toBe(false);
  setup.rememberBuild?.(clone, setup.digestOfSources?.(clone) ?? '');
  expect(isCurrent()).toBe(true);
  writeFileSync(join(clone, 'packages/foundation/src/clock.test.ts'), '');
  expect(isCurrent()).toBe(true);
  writeFileSync(join(clone, 'packages/foundation/src/clock.ts'), 'export {};');
  expect(isCurrent()).toBe(false);
});

test('a program that cannot be run is missing', async () => {
  const there = { name: 'node', command: process.execPath, args: ['--version'] };
  const absent = { name: 'nope', command: '/nonexistent/nope', args: [] };
  expect(await setup.missingPrograms?.([there, absent])).toEqual([absent]);
});

test('npm ci accepts the lockfile on every platform', () => {
  expect(execFileSync(process.execPath, [join(root, 'scripts/complete-lockfile.mjs'), '--check'], { encoding: 'utf8' })).toBe('The lockfile is complete.\n');
});

test('what runs before anything is installed needs nothing that is installed', () => {
  const files = ['setup.mjs', ...['step', 'installed-packages', 'programs', 'build-stamp'].map((name) => `setup/${name}.mjs`)];
  const imported = files.flatMap((file) => [...readFileSync(join(root, 'scripts', file), 'utf8').matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? ''));
  expect(imported.filter((name) => !name.startsWith('node:') && !name.startsWith('./'))).toEqual([]);
});
