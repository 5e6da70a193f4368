import { z } from 'zod';

/** A yes or no in a query. */
export const queryFlag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');

/** A whole number in a query. */
export function queryNumber(least: number, most: number): z.ZodType<number, string> {
  return z.string().regex(/^-?\d{1,9}$/, { error: `a whole number of ${least}..${most}`, abort: true }).transform(Number).refine((value) => value >= least && value <= most, { error: `a whole number of ${least}..${most}` });
}
