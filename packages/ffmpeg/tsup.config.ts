import base from '../../tsup.base.ts';

export default { ...base, entry: { index: 'src/index.ts', 'range-worker': 'src/speech/parallel/range-worker.ts' } };
