import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
const packages = readdirSync(join(root, 'packages'));
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-packed-'));
const tarballs = new Map<string, string>();

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
const run = (command: string, args: readonly string[], cwd = folder): string => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });

/** Every path that can be imported, such as `@media-jobs/core/conformance`. */
const entryPoints = packages.flatMap((name) => {
  const manifest = manifestOf(name);
  return Object.keys(manifest.exports ?? {})
    .filter((path) => !path.endsWith('.json'))
    .map((path) => manifest.name + path.slice(1));
});

beforeAll(() => {
  for (const name of packages) {
    const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], join(root, 'packages', name))) as { filename: string }[];
    tarballs.set(name, join(folder, packed?.filename ?? ''));
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', '--ignore-scripts', ...tarballs.values()]);
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(packages)('%s is packed as npm users expect it', (name) => {
  const tarball = tarballs.get(name) ?? '';
  expect(run(bin('publint'), ['run', tarball, '--strict'])).toContain('All good!');
});

test.each(packages)('the types of %s resolve for ESM users', (name) => {
  const entry = Object.keys(manifestOf(name).exports ?? {}).filter((path) => !path.endsWith('.json'));
  if (entry.length === 0) return;
  expect(run(bin('attw'), [tarballs.get(name) ?? '', '--profile', 'esm-only', '--format', 'ascii', '--no-color'])).toContain(manifestOf(name).name);
});

test('a stranger who installed the tarballs can import every entry point', () => {
  const program = entryPoints.map((entry) => `console.log('${entry}', Object.keys(await import('${entry}')).length > 0);`).join('\n');
  writeFileSync(join(folder, 'import-all.mjs'), program);
  const lines = run(process.execPath, ['import-all.mjs']).trim().split('\n');
  expect(lines).toEqual(entryPoints.map((entry) => `${entry} true`));
});

test('every entry point can be imported by Node 22 too, the oldest that the packages promise', () => {
  const name = `node-linux-${process.arch}`;
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', '--prefix', join(folder, 'node-22'), `${name}@22.18`]);
  const old = join(folder, 'node-22', 'node_modules', name, 'bin', 'node');
  expect(run(old, ['--version'])).toMatch(/^v22\.18\./);
  expect(run(old, ['import-all.mjs']).trim().split('\n')).toEqual(entryPoints.map((entry) => `${entry} true`));
  writeFileSync(join(folder, 'temp-file.mjs'), "import { tempFile } from '@media-jobs/cleanup';\nconst file = await tempFile();\nawait file[Symbol.asyncDispose]();\nconsole.log('gone');\n");
  expect(run(old, ['temp-file.mjs'])).toBe('gone\n');
}, 180_000);

test('the heartbeat thread of an installed package begins, and opens the store', () => {
  writeFileSync(join(folder, 'thread.mjs'), `
    import { createMediaJobs, defineOperation } from '@media-jobs/core';
    import { createSqliteStore } from '@media-jobs/sqlite-store';
    import { z } from 'zod';
    const wrong = [];
    const quiet = () => undefined;
    const logger = { trace: quiet, debug: quiet, info: quiet, warn: (facts, text) => wrong.push(text), error: (facts, text) => wrong.push(text), child: () => logger };
    const operation = defineOperation({ name: 'echo', version: 1, input: z.object({}), output: z.string(), limits: { softTimeoutMs: 5000, hardTimeoutMs: 9000 }, run: async () => 'done' });
    await using jobs = await createMediaJobs({ operations: [operation], store: createSqliteStore({ file: 'work/jobs.db' }), workFolder: 'work', heartbeatThread: true, logger });
    console.log(await (await jobs.submit('echo', {})).result(), wrong.length);
  `);
  expect(run(process.execPath, ['thread.mjs'])).toBe('done 0\n');
});

test('a stranger can also require them, since Node loads ES modules that way', () => {
  writeFileSync(join(folder, 'require-all.cjs'), entryPoints.map((entry) => `require('${entry}');`).join('\n'));
  expect(run(process.execPath, ['require-all.cjs'])).toBe('');
});

test('a strict TypeScript project accepts the types without skipLibCheck', () => {
  const imports = entryPoints.map((entry, index) => `import * as entry${index} from '${entry}';\nexport const names${index}: readonly string[] = Object.keys(entry${index});`);
  writeFileSync(join(folder, 'types.ts'), imports.join('\n'));
  const options = { strict: true, module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')], noEmit: true, skipLibCheck: false };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['types.ts'] }));
  expect(run(bin('tsc'), ['-p', folder])).toBe('');
  writeFileSync(join(folder, 'types.ts'), "import { MediaJobError } from '@media-jobs/foundation';\nnew MediaJobError('NO_SUCH_CODE', { message: '' });\n");
  expect(() => run(bin('tsc'), ['-p', folder])).toThrow();
});

test('the page of an installed service is served, with all that it is made of', () => {
  writeFileSync(join(folder, 'page.mjs'), `
    import { createMediaJobs, createMemoryStore, defineOperation } from '@media-jobs/core';
    import { mediaJobs } from '@media-jobs/http';
    import Fastify from 'fastify';
    import { z } from 'zod';
    const operation = defineOperation({ name: 'echo', version: 1, input: z.object({}), output: z.string(), limits: { softTimeoutMs: 5000, hardTimeoutMs: 9000 }, run: async () => 'done' });
    await using jobs = await createMediaJobs({ operations: [operation], store: createMemoryStore(), workFolder: 'work-page' });
    const app = Fastify();
    await app.register(mediaJobs, { jobs });
    const { body } = await app.inject('/');
    const parts = [...body.matchAll(/"(page\\/[^"]+)"/g)].map(([, path]) => path);
    console.log(parts.length, (await Promise.all(parts.map((path) => app.inject('/' + path)))).every(({ statusCode }) => statusCode === 200));
    await app.close();
  `);
  expect(run(process.execPath, ['page.mjs'])).toBe('4 true\n');
});
