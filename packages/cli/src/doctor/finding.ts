/** What a check of `doctor` found. `noted` is worth knowing, but nothing is missing that is needed. */
export interface Finding {
  /** Short and stable, such as `ffmpeg`. */
  readonly name: string;
  readonly state: 'ok' | 'noted' | 'missing';
  /** What was found, such as a version and a path. */
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A report of `doctor` for programs: the object that `--json` prints. */
export function findingsAsJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ ok: allWell(findings), checks: findings }, null, 2)}\n`;
}

/** A report of `doctor` for people: a line for each check, and what to do below those that need it. */
export function findingsAsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, detail, advice }) => {
    const line = `${state.padEnd(7)}  ${name.padEnd(width)}  ${detail}`;
    return advice === undefined ? [line] : [line, `${' '.repeat(7 + 2 + width + 2)}${advice}`];
  });
  return `${lines.join('\n')}\n`;
}

/** Whether nothing is missing. */
export function allWell(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'missing');
}
