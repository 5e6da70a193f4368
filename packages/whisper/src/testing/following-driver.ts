import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A scripted driver whose card holds memory for as long as an engine lives. */
export interface FollowingDriver {
  /** A program that answers like `nvidia-smi`. */
  readonly command: string;
  readonly uuid: string;
  /** What others hold, always. */
  readonly othersMiB: number;
  /** What each engine holds. */
  readonly engineMiB: number;
  /** What each engine holds beside that, from now on. */
  leak(mebibytes: number): void;
}

const [totalMiB, othersMiB, engineMiB] = [8000, 100, 700];

/**
 * A driver that looks for itself which engines of the process that asks it are alive: no test has to tell it what ought to be true. It knows
 * engines by their names and what they run: whoever asks may have other children, and each is called as it is until it runs a program of its own.
 */
export function followingDriver(folder: string, name = 'nvidia-smi'): FollowingDriver {
  const [command, leak, uuid] = [join(folder, name), join(folder, `${name}.leak`), `GPU-${name}`];
  writeFileSync(leak, '0\n');
  // Without a program of its own for each process that it looks at, but for those of Node, so that hundreds of questions cost little.
  writeFileSync(command, `#!/bin/sh
read -r leak < '${leak}'
used=${othersMiB} pids=
for file in /proc/[0-9]*/stat; do
  { read -r pid name state parent rest < "$file"; } 2>/dev/null || continue
  [ "$parent" = "$PPID" ] && [ "$state" != Z ] || continue
  case "$name" in
    '(whisper-cli)') ;;
    '(node)'|'(MainThread)') grep -qs addon-child-process "/proc/$pid/cmdline" || continue;;
    *) continue;;
  esac
  used=$((used + ${engineMiB} + leak)) pids="$pids $pid"
done
case "$1" in
  --query-gpu*) echo "${uuid}, 0, ${totalMiB}, $used, $((${totalMiB} - used)), Scripted";;
  *) for pid in $pids; do echo "${uuid}, $pid, ${engineMiB}"; done;;
esac
`);
  chmodSync(command, 0o755);
  return { command, uuid, othersMiB, engineMiB, leak: (mebibytes) => writeFileSync(leak, `${mebibytes}\n`) };
}
