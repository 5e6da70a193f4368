import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * Every `ts` block of every page is type-checked, and every one is run, from a folder that holds `talk.mp4` and
 * `fixtures/`. A block that only shows a shape is marked `ts no-run`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
mkdirSync(join(root, 'work'), { recursive: true });
const folder = mkdtempSync(join(root, 'work', 'readme-'));

const pages = [
  join(root, 'README.md'),
  join(root, 'ARCHITECTURE.md'),
  join(root, 'CONTRIBUTING.md'),
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'README.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name)),
].filter(existsSync);

const blocks = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```ts( no-run)?\n([\s\S]*?)^```/gm)].map((match, index) => ({
    name: `${relative(root, page).replaceAll(/[^A-Za-z]+/g, '-')}-${index}.ts`,
    code: `${match[2] ?? ''}\nexport {};\n`,
    runs: match[1] === undefined,
  })),
);

beforeAll(() => {
  symlinkSync(join(root, 'fixtures'), join(folder, 'fixtures'));
  symlinkSync(join(root, 'fixtures', 'talk.mp4'), join(folder, 'talk.mp4'));
  for (const block of blocks) writeFileSync(join(folder, block.name), block.code);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('all code in the pages type-checks', () => {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }));
  const check = (): string => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
  let problems = '';
  try {
    check();
  } catch (error) {
    problems = (error as { stdout: string }).stdout;
  }
  expect(problems).toBe('');
  // The compiler itself needs seconds; on a machine that does much else, minutes.
}, 300_000);

test.each(blocks.filter((block) => block.runs))('the code $name runs', ({ name }) => {
  const output = execFileSync(process.execPath, ['--conditions=@media-jobs/source', name], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  if (name.startsWith('README')) expect(output).toContain('hello world media job done start video');
  else expect(output).not.toContain('undefined');
}, 120_000);
