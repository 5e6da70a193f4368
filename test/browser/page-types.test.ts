import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the scripts of the page, which no build looks at, hold the types that their comments give', () => {
  const strict = ['--noEmit', '--ignoreConfig', '--allowJs', '--checkJs', '--strict', '--noUncheckedIndexedAccess', '--target', 'esnext', '--module', 'nodenext', '--lib', 'esnext,dom,dom.iterable', '--types', ''];
  const check = (): string => execFileSync(`${root}/node_modules/.bin/tsc`, [...strict, `${root}/packages/http/src/page/static/page.js`], { encoding: 'utf8' });
  expect(check).not.toThrow();
}, 60_000);
