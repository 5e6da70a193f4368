#!/usr/bin/env node
// Plain JavaScript for any Node: it must be able to say that the Node is too old, before anything newer is loaded.
const needed = [22, 18];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`media-jobs: Expected Node ${needed.join('.')} or newer, got ${process.versions.node}.\n  Install a newer Node: https://nodejs.org\n`);
  process.exitCode = 1;
} else {
  const { runInProcess } = await import('@media-jobs/cli');
  await runInProcess(process);
}
