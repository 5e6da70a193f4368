import { sendSignal } from './process-tree.ts';

/** Leaders of groups that must not outlive this process. */
const leaders = new Set<number>();

function endAll(): void {
  for (const pid of leaders) sendSignal(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
}

/**
 * Kills the group of `pid` when this process exits in an orderly way, by `process.exit` or by an error that nobody caught.
 * One `exit` listener serves all, and is there only while children are. Returns what takes the child off the list.
 */
export function endWithThisProcess(pid: number): () => void {
  if (leaders.size === 0) process.on('exit', endAll);
  leaders.add(pid);
  return () => {
    leaders.delete(pid);
    if (leaders.size === 0) process.off('exit', endAll);
  };
}
