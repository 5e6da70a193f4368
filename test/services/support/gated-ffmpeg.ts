import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An ffmpeg for each service, whose work can be held up. */
export interface GatedFfmpeg {
  /** Path of the program of this service. */
  readonly pathOf: (service: string) => string;
  /** What the service decodes from now on comes to nothing until this is disposed. */
  readonly halt: (service: string) => Disposable;
}

/** Makes the programs in a folder: each waits as long as a file lies beside it, and is ffmpeg then. */
export function makeGatedFfmpeg(folder: string): GatedFfmpeg {
  const placeOf = (service: string): string => join(folder, 'programs', service);
  return {
    pathOf(service) {
      const file = join(placeOf(service), 'ffmpeg');
      mkdirSync(placeOf(service), { recursive: true });
      writeFileSync(file, '#!/bin/sh\ncase "$*" in *-version*) ;; *) while [ -e "$(dirname "$0")/closed" ]; do sleep 0.05; done ;; esac\nexec ffmpeg "$@"\n');
      chmodSync(file, 0o755);
      return file;
    },
    halt(service) {
      const gate = join(placeOf(service), 'closed');
      writeFileSync(gate, '');
      return { [Symbol.dispose]: () => rmSync(gate, { force: true }) };
    },
  };
}
