import { spawn } from 'node:child_process';

/** Something that the clone needs and that could not be had. Printed as two lines: what, and what to do. */
export class SetupError extends Error {
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

const tailBytes = 16_384;
const terminal = process.stderr.isTTY === true;
/** A terminal sees the seconds count; a log gets a line now and then. */
const beatMs = terminal ? 1000 : 15_000;

function startProgress(title) {
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  const show = () => process.stderr.write(terminal ? `\r${title} … ${seconds()} s` : `${title} … ${seconds()} s\n`);
  process.stderr.write(terminal ? `${title} …` : `${title} …\n`);
  const beat = setInterval(show, beatMs);
  return (outcome) => {
    clearInterval(beat);
    process.stderr.write(`${terminal ? '\r' : ''}${title}: ${outcome} (${seconds()} s)\n`);
  };
}

/**
 * Runs a program with a line of progress. Its output is shown only when it fails, and then its tail.
 * Throws a `SetupError` with `advice` unless it ends with 0.
 */
export function runStep(title, command, args, { cwd, env, advice, quietFailure = false }) {
  return new Promise((resolve, reject) => {
    const finish = startProgress(title);
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (chunk) => {
      tail = (tail + chunk).slice(-tailBytes);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const fail = (reason) => {
      finish('failed');
      if (!quietFailure) process.stderr.write(tail.replace(/^(?=.)/gm, '  '));
      reject(new SetupError(`${command} ${args[0]}: ${reason}.`, advice));
    };
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code !== 0) return fail(code === null ? `ended by ${signal}` : `ended with exit code ${code}`);
      finish('done');
      resolve();
    });
  });
}
