/** Builds a value when it is first asked for, and keeps it. */
export function once<Value>(build: () => Value): () => Value {
  let built: { readonly value: Value } | undefined;
  return () => (built ??= { value: build() }).value;
}

/**
 * An object that is built when it is first used. Building schemas is the dearest part of importing this package
 * (a third of it, see `benchmarks/import.bench.ts`), and most who import it need none before there is work.
 */
export function builtWhenUsed<Built extends object>(build: () => Built): Built {
  const built = once(build);
  return new Proxy({} as Built, {
    get: (_nothing, name) => Reflect.get(built(), name) as unknown,
    has: (_nothing, name) => Reflect.has(built(), name),
    getPrototypeOf: () => Reflect.getPrototypeOf(built()),
  });
}
