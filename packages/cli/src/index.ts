export { runInProcess, type CommandProcess } from './run-in-process.ts';
export { exitCodes, type ExitCode } from './command.ts';
