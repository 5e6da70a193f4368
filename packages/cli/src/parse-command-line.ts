import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util';
import { commonOptions, type Command, type Invocation } from './command.ts';
import { usageError } from './usage-error.ts';

type Parsed = ReturnType<typeof parseArgs<{ strict: true; allowPositionals: true; options: Record<string, ParseArgsOptionDescriptor> }>>;

/** Reads what follows the command's name. Throws `INVALID_OPTION` with the way to the help. */
export function parseCommandLine(command: Command, words: readonly string[]): Invocation {
  const { values, positionals } = parseWords(command, words);
  if (values['help'] !== true) requireOperands(command, positionals);
  return {
    files: positionals,
    text: (option) => lastText(values[option]),
    isSet: (option) => values[option] === true,
  };
}

function parseWords(command: Command, words: readonly string[]): Parsed {
  const options: Record<string, ParseArgsOptionDescriptor> = { help: { type: 'boolean', short: 'h' } };
  for (const { name, value } of [...commonOptions, ...command.options]) options[name] ??= { type: value === undefined ? 'boolean' : 'string' };
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw usageError(messageOf(command, error), command.name, error);
  }
}

/** Node's own words name the option well; only the lengthy rest of them is left out. */
function messageOf(command: Command, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const name = /'([^']*)'/.exec(message)?.[1] ?? '';
    return `Expected an option of \`${command.name}\`, got \`${name}\`. A file whose name starts with a dash goes after \`--\`.`;
  }
  return message.replaceAll('\n', ' ');
}

function requireOperands(command: Command, given: readonly string[]): void {
  const least = command.operands.filter((name) => !name.startsWith('[')).length;
  if (given.length >= least && given.length <= command.operands.length && !given.includes('')) return;
  const expected = command.operands.length === 0 ? 'no arguments' : command.operands.join(' ');
  const got = given.length === 0 ? 'none' : given.map((word) => JSON.stringify(word)).join(' ');
  throw usageError(`Expected ${expected} after \`media-jobs ${command.name}\`, got ${got}.`, command.name);
}

function lastText(value: Parsed['values'][string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
