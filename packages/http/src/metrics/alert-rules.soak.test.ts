import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// Not among the tests of every change: Debian's `prometheus`, which has promtool, starts a server where it is installed.
test('Prometheus itself takes the alert rules', () => {
  const { error, stdout, stderr } = spawnSync('promtool', ['check', 'rules', fileURLToPath(new URL('../../monitoring/alert-rules.yml', import.meta.url))], { encoding: 'utf8' });
  expect(error, 'Expected promtool: install the Debian package `prometheus`, or put promtool in the PATH.').toBeUndefined();
  expect(stdout, stderr).toContain('SUCCESS');
});
