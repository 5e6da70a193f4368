import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the scripted driver says of its one card. */
export interface DriverState {
  readonly totalMiB: number;
  readonly usedMiB: number;
  readonly pids: readonly number[];
}

export interface ScriptedDriver {
  /** A program that answers like `nvidia-smi`. */
  readonly command: string;
  readonly uuid: string;
  set(state: Partial<DriverState>): void;
  readonly state: DriverState;
}

/** A driver that says what a test wants, through a program that is really run. */
export function scriptedDriver(folder: string, name = 'nvidia-smi'): ScriptedDriver {
  const [command, file, uuid] = [join(folder, name), join(folder, `${name}.json`), `GPU-${name}`];
  writeFileSync(file, JSON.stringify({ totalMiB: 8000, usedMiB: 100, pids: [] } satisfies DriverState));
  writeFileSync(command, `#!${process.execPath}
const { totalMiB, usedMiB, pids } = JSON.parse(require('node:fs').readFileSync(${JSON.stringify(file)}, 'utf8'));
if (process.argv[2].startsWith('--query-gpu')) console.log(['${uuid}', 0, totalMiB, usedMiB, totalMiB - usedMiB, 'Scripted'].join(', '));
else for (const pid of pids) console.log(['${uuid}', pid, 1].join(', '));
`);
  chmodSync(command, 0o755);
  const read = (): DriverState => JSON.parse(readFileSync(file, 'utf8')) as DriverState;
  return {
    command,
    uuid,
    get state() {
      return read();
    },
    set: (state) => writeFileSync(file, JSON.stringify({ ...read(), ...state })),
  };
}
