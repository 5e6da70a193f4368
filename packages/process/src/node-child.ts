import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MediaJobError, silentLogger, systemClock, type Clock } from '@media-jobs/foundation';
import type { ChildEnvironment } from './child-environment.ts';
import type { ProcessControls, ProcessUsage } from './controls.ts';
import { killOrders, type KillOrder } from './kill-order.ts';
import { onControls } from './judge.ts';
import { readLines, type ReadingGate } from './output.ts';
import type { ParentDeath } from './parent-death.ts';
import { checkProgramText, runProgramDefaults } from './run-program-options.ts';
import { startProgram } from './start-program.ts';
import type { SupervisedChild } from './supervised-child.ts';
import { createTail } from './tail.ts';

/** A Node program that stays, and talks by messages. */
export interface NodeChildOptions extends ProcessControls {
  /** The module to run: a `file:` URL or a path. A `.ts` file runs from sources. */
  readonly module: URL | string;
  readonly args?: readonly string[];
  /** Added to the environment of this process; `undefined` takes a variable away. Those of `notHandedOn` are left out. */
  readonly env?: ChildEnvironment;
  /** Options for Node itself. */
  readonly execArgv?: readonly string[];
  /** Default: the folder of this process. */
  readonly cwd?: string;
  /** Takes each message, which is whatever survives JSON. When it throws, the child is ended, and `exited` tells what was thrown. */
  readonly onMessage: (message: unknown) => void;
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** Kept of the end of each stream, in bytes. Default 256 KiB. */
  readonly maxTailBytes?: number;
  /** See `runProgram`. Default `kill`. */
  readonly parentDeath?: ParentDeath;
  /** Drives the kill orders. Default: the machine's own. */
  readonly clock?: Clock;
}

/** How a child ended. */
export interface ProgramExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly usage: ProcessUsage;
  readonly durationMs: number;
  /** What a listener threw; the child was ended for it. */
  readonly listenerError?: unknown;
}

/** A running child. Disposing of it ends it and waits until it is gone. */
export interface NodeChild extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the message has left this process. Rejects with `PROGRAM_FAILED` when the child is gone. */
  send(message: unknown): Promise<void>;
  /** Resolves when the child, everything that it started and its pipes are gone, and its last message was given. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  /** Ends the tree, by `killOrders.abort` unless another order is given. */
  stop(order?: KillOrder): Promise<ProgramExit>;
}

const sourceCondition = '--conditions=@media-jobs/source';

/**
 * Starts a Node program with a channel for messages, and resolves when it runs. An abort of `signal` or `kill` ends it.
 *
 * The module's own duty is to end itself when the channel closes: `process.on('disconnect', () => process.exit())`.
 * With that, and with setpriv where there is one, it does not outlive this process, however this process dies.
 * Rejects as `runProgram` does when the child cannot be started.
 */
export async function startNodeChild(options: NodeChildOptions): Promise<NodeChild> {
  const file = options.module instanceof URL || options.module.startsWith('file:') ? fileURLToPath(options.module) : options.module;
  const { cwd = process.cwd(), parentDeath = runProgramDefaults.parentDeath, logger = silentLogger, clock = systemClock } = options;
  const args = [...sourceOptions(file), ...(options.execArgv ?? []), file, ...(options.args ?? [])];
  checkProgramText(process.execPath, args);
  const { child } = await startProgram({ ...options, command: process.execPath, args, label: basename(file), cwd, parentDeath, ipc: true, clock, logger });
  const exited = follow(child, options);
  return {
    pid: child.pid,
    send: (message) => send(child, basename(file), message),
    exited,
    stop(order = killOrders.abort) {
      child.end(order);
      return exited;
    },
    async [Symbol.asyncDispose]() {
      child.end(killOrders.abort);
      await exited;
    },
  };
}

/** Packages offer their sources under a condition of their own: a child that runs from sources needs it as its parent did. */
function sourceOptions(file: string): string[] {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return /\.[mc]?ts$/.test(file) || given.includes('@media-jobs/source') ? [sourceCondition] : [];
}

async function follow(child: SupervisedChild, options: NodeChildOptions): Promise<ProgramExit> {
  const { maxTailBytes = runProgramDefaults.maxTailBytes, onMessage, onUsage, onStdoutLine, onStderrLine } = options;
  const tails = { stdout: createTail(maxTailBytes), stderr: createTail(maxTailBytes) };
  const failure = createFailure(child);
  readLines(child.process.stdout, tails.stdout.push, (line) => onStdoutLine?.(line), failure.gate);
  readLines(child.process.stderr, tails.stderr.push, (line) => onStderrLine?.(line), failure.gate);
  child.process.on('message', (message) => {
    child.glance();
    failure.guard(() => onMessage(message));
  });
  const stopListening = onControls(options, (_reason, order) => child.end(order));
  const end = await child.gone;
  stopListening();
  failure.guard(() => onUsage?.(end.usage));
  return { ...end, stdoutTail: tails.stdout.text(), stderrTail: tails.stderr.text(), ...failure.facts() };
}

interface Failure {
  readonly gate: ReadingGate;
  guard(call: () => void): void;
  facts(): Pick<ProgramExit, 'listenerError'>;
}

/** The first thing that a listener throws ends the child; after that no listener is called. */
function createFailure(child: SupervisedChild): Failure {
  const { promise: decided, resolve } = Promise.withResolvers<void>();
  let thrown: { readonly listenerError: unknown } | undefined;
  const fail = (listenerError: unknown): void => {
    thrown ??= { listenerError };
    resolve();
    child.end(killOrders.abort);
  };
  return {
    gate: { decided, isDecided: () => thrown !== undefined, fail, hold: child.hold },
    guard(call) {
      if (thrown !== undefined) return;
      try {
        call();
      } catch (error) {
        fail(error);
      }
    },
    facts: () => thrown ?? {},
  };
}

function send(child: SupervisedChild, label: string, message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void =>
      reject(new MediaJobError('PROGRAM_FAILED', { message: `Expected \`${label}\` to take a message, but it has ended.`, facts: { command: label, pid: child.pid }, cause }));
    if (!child.process.connected) return refuse(undefined);
    child.process.send(message as never, (error) => (error === null ? resolve() : refuse(error)));
  });
}
