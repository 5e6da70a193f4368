import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listProcesses, readProcessFile } from '../process-table.ts';

/** A folder of small programs that behave badly, gone at the end of the suite. */
export interface FakePrograms extends Disposable {
  readonly folder: string;
  /** Writes a shell script and returns its path. */
  shell(name: string, body: string): string;
  /** Writes a Node script and returns its path. */
  node(name: string, body: string): string;
  /** What still runs of all that was started while the folder was there. */
  survivors(): Promise<string[]>;
}

/** The variable by which a test's processes are known, whatever they did with their groups and parents. */
export const folderVariable = 'FAKE_PROGRAMS_FOLDER';

export function createFakePrograms(): FakePrograms {
  const folder = mkdtempSync(join(tmpdir(), 'process-test-'));
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
  };
  process.env[folderVariable] = folder;
  return {
    folder,
    shell: (name, body) => write(name, `#!/bin/sh\n${body}\n`),
    node: (name, body) => write(`${name}.mjs`, `#!${process.execPath}\n${body}\n`),
    async survivors() {
      const found: string[] = [];
      for (const { pid, ended } of (await listProcesses()).processes) {
        if (!ended && pid !== process.pid && readProcessFile(pid, 'environ')?.includes(`${folderVariable}=${folder}`) === true) {
          found.push(readProcessFile(pid, 'stat') ?? String(pid));
        }
      }
      return found;
    },
    [Symbol.dispose]() {
      delete process.env[folderVariable];
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
