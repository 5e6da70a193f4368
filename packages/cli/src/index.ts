export { runInProcess, type CommandProcess } from './run-in-process.ts';
export { main } from './main.ts';
export { exitCodes, type CommandContext, type ExitCode, type TextOutput } from './command.ts';
