/** The program of the child process: holds the addon, so that its crashes and its memory are not ours. */
import { AddonServer } from './addon-server.ts';

const beatMs = 1000;

/** Ends this process whatever the addon is doing; `process.exit` would wait for its threads. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

const server = new AddonServer({
  send(answer) {
    // A closed channel means that nobody is left to answer.
    process.send?.(answer, (error: Error | null) => (error === null ? undefined : end()));
  },
});

process.on('disconnect', end);
process.on('message', (message) => void server.receive(message));
setInterval(() => server.beat(), beatMs).unref();
