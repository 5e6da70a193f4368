import type { z } from 'zod';

/** Words that a form may use for truth, as the services of the original took them. */
const truths: ReadonlyMap<string, boolean> = new Map([...['true', '1', 'yes', 'on'].map((word) => [word, true] as const), ...['false', '0', 'no', 'off'].map((word) => [word, false] as const)]);

const numeral = /^-?(?:\d+|\d*\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * The text of a form field as the type that its schema takes: of the readings that it has — a number, a truth, JSON, the text — the first
 * that fits. The text itself where none does, so that the refusal names it.
 */
export function typedField(schema: z.ZodType | undefined, text: string): unknown {
  if (schema === undefined) return text;
  return readingsOf(text).find((reading) => schema.safeParse(reading).success) ?? text;
}

function readingsOf(text: string): readonly unknown[] {
  const trimmed = text.trim();
  const truth = truths.get(trimmed.toLowerCase());
  return [...(numeral.test(trimmed) ? [Number(trimmed)] : []), ...(truth === undefined ? [] : [truth]), ...jsonOf(trimmed), text];
}

function jsonOf(text: string): readonly unknown[] {
  if (!/^[[{]/.test(text)) return [];
  try {
    return [JSON.parse(text)];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
