import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withParentDeath } from './parent-death.ts';

const folder = mkdtempSync(join(tmpdir(), 'process-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function folderWith(name: string, text: string): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(bin, name), `#!/bin/sh\n# ${text}\n`);
  chmodSync(join(bin, name), 0o755);
  return bin;
}

describe('setpriv', () => {
  it('stands before the program where it can set the death signal', async () => {
    const bin = folderWith('setpriv', 'usage: --pdeathsig keep|clear|<signame>');
    expect(await withParentDeath('kill', ['/bin/x', '-a', 'b'], bin)).toEqual([join(bin, 'setpriv'), '--pdeathsig', 'KILL', '--', '/bin/x', '-a', 'b']);
  });

  it('is left out where it cannot, as that of busybox', async () => {
    expect(await withParentDeath('kill', ['/bin/x', '-a'], folderWith('setpriv', 'usage: --nnp'))).toEqual(['/bin/x', '-a']);
  });

  it('is left out where there is none, and where PATH is empty', async () => {
    expect(await withParentDeath('kill', ['/bin/x', '-a'], folderWith('other', ''))).toEqual(['/bin/x', '-a']);
    expect(await withParentDeath('kill', ['/bin/x', '-a'], undefined)).toEqual(['/bin/x', '-a']);
  });

  it('is left out when the program may outlive us', async () => {
    expect(await withParentDeath('ignore', ['/bin/x', '-a'], folderWith('setpriv', '--pdeathsig'))).toEqual(['/bin/x', '-a']);
  });
});
