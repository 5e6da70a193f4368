import type { Options } from 'tsup';

/** JavaScript only: TypeScript 7 has no compiler API, so `tsc` writes the declarations. */
const options: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  sourcemap: true,
  clean: true,
  dts: false,
  splitting: true,
  removeNodeProtocol: false,
};

export default options;
