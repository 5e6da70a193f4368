// What `npm test` runs after the set-up: lint, types, then every test. The last line is the count.
//
//   npm test                     everything
//   npm test -- packages/core    only the tests of these files, no lint and no types
//   npm run test:soak            the long *.soak.test.ts files alone, one after the other; takes a filter as well
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startVitest, type TestCase, type Vitest } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What holds before any test runs: each counts as one. */
const checks: readonly { readonly name: string; readonly command: string; readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }[] = [
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'what nothing uses', command: 'knip', args: [] },
  { name: 'the searched design', command: 'bash', args: ['docs/design/check.sh'], env: { QUICK: '1' } },
];

/**
 * The only reasons for which a test may skip itself; none where CI is set. A test gives its reason with
 * `context.skip(reason)`, or in parentheses at the end of its title.
 */
const allowedReasons: readonly string[] = process.env['CI'] === 'true' ? [] : ['needs root', 'as root only', 'needs Linux'];

interface Counts {
  passed: number;
  failed: number;
}

function runChecks(counts: Counts): void {
  for (const { name, command, args, env } of checks) {
    const begun = Date.now();
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
    counts[status === 0 ? 'passed' : 'failed'] += 1;
    if (status !== 0) process.stdout.write(`${stdout}${stderr}`);
    console.log(`${name}: ${status === 0 ? 'passed' : 'failed'} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === 'skipped' ? result.note : undefined) ?? /\(([^()]+)\)$/.exec(test.name)?.[1] ?? 'no reason given';
}

function countTests(vitest: Vitest, counts: Counts): void {
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const skipped = tests.filter((test) => test.result().state === 'skipped');
  const forbidden = skipped.filter((test) => !allowedReasons.some((reason) => reasonOf(test).includes(reason)));
  for (const test of skipped) console.log(`${forbidden.includes(test) ? 'skipped without leave' : 'skipped'}: ${test.fullName} (${reasonOf(test)})`);
  const brokenFiles = modules.filter((module) => module.errors().length > 0).length + vitest.state.getUnhandledErrors().length;
  counts.passed += tests.filter((test) => test.result().state === 'passed').length;
  counts.failed += tests.filter((test) => ['failed', 'pending'].includes(test.result().state)).length + forbidden.length + brokenFiles;
}

const filters = process.argv.slice(2);
const counts: Counts = { passed: 0, failed: 0 };
if (filters.length === 0 && process.env['SOAK'] !== '1') runChecks(counts);
const vitest = await startVitest(filters, { root, watch: false, reporters: ['default'] });
await vitest.close();
countTests(vitest, counts);
if (counts.passed === 0) counts.failed += 1;
process.exitCode = counts.failed === 0 ? 0 : 1;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
