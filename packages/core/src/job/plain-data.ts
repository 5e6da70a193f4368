/** A copy of a value as JSON would bring it back, so that every store keeps the same. `undefined` stays undefined. */
export function plainCopy<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value) ?? 'null') as Value);
}

/** Freezes plain data all the way down and returns it. What is frozen already is taken to be frozen below as well. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
  return value;
}

/** A whole number of at least 0, as records hold times and sizes; 0 for what is none. */
export function wholeNumber(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.ceil(value)) : 0;
}
