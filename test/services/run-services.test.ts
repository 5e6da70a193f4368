import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configFromEnv } from '@media-jobs/core';
import { afterAll, expect, test } from 'vitest';
import { serviceList } from '../../scripts/services/service-list.ts';
import { untilEmpty } from '../command/leftovers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-run-services-'));
const names = serviceList.map(({ name }) => name);
const read = (...path: readonly string[]): string => readFileSync(join(root, 'examples', ...path), 'utf8');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('`npm run services` starts all four and a Redis, prints their addresses, and ends them all at Ctrl-C', async () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['services']).toBe('node --conditions=@media-jobs/source scripts/services.ts');
  const child = spawn(process.execPath, ['--conditions=@media-jobs/source', join(root, 'scripts/services.ts'), folder], { cwd: folder });
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += String(text);
    if (output.includes('Ctrl-C')) break;
  }
  const addresses = [...output.matchAll(/^ {2}(\S+) +(http:\S+)$/gm)].map(([, name = '', url = '']) => [name, url] as const);
  expect(addresses.map(([name]) => name)).toEqual(names);
  const told = await Promise.all(addresses.map(async ([, url]) => ((await (await fetch(`${url}/health`)).json()) as { service: string; status: string })));
  expect(told.map(({ service, status }) => [service, status])).toEqual(names.map((name) => [name, 'ok']));
  const redisPort = Number(/redis:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  const alive = async (): Promise<readonly string[]> => (await Promise.all([...addresses.map(([, url]) => url), `http://127.0.0.1:${redisPort}`].map((url) => fetch(url).then(() => [url], () => [])))).flat();
  expect(await alive()).toEqual([]);
  expect(await untilEmpty(() => [child.pid ?? 0].filter((pid) => existsSync(`/proc/${pid}`)))).toEqual([]);
}, 60_000);

test.each(serviceList)('the settings of $name say whose database it has, and are settings that exist', ({ name, divisor }) => {
  const variables = Object.fromEntries([...read(name, '.env.example').matchAll(/^(\w+)=(?:'(.*)'|(.*))$/gm)].map(([, variable = '', quoted, plain]) => [variable, quoted ?? plain ?? '']));
  const config = configFromEnv(variables);
  expect([config.redisDatabase, config.ttlHours, config.workFolder, variables['PORT']]).toEqual([divisor, 24, `./work/${name}`, `800${divisor}`]);
  const sources = [read('shared', 'start-service.ts'), read(name, `${name}.ts`), ...['config-from-env.ts'].map((file) => readFileSync(join(root, 'packages/core/src', file), 'utf8')), '_URL'].join('\n');
  expect(Object.keys(variables).filter((variable) => !sources.includes(variable.replace(/^\w+(_URL)$/, '$1')))).toEqual([]);
});

test.each(serviceList)('$name has an image of its own, its own database in the compose file, and at most 100 lines of wiring a file', ({ name, divisor }) => {
  expect(read(name, 'Dockerfile')).toContain(`CMD ["node", "--conditions=@media-jobs/source", "examples/${name}/${name}.ts"]`);
  const section = new RegExp(`\\n  ${name}:\\n((?:    .*\\n|\\n)+)`).exec(read('compose.yml'))?.[1] ?? '';
  expect(section).toContain(`dockerfile: examples/${name}/Dockerfile`);
  expect(section).toContain(`DIVISOR: '${divisor}'`);
  expect(section).toContain(`ports: ['800${divisor}:800${divisor}']`);
  for (const file of [`${name}/${name}.ts`, 'shared/start-service.ts']) expect(read(file).split('\n').length).toBeLessThanOrEqual(101);
});
