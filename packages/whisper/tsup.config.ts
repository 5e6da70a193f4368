import base from '../../tsup.base.ts';

export default { ...base, entry: { index: 'src/index.ts', 'addon-child-process': 'src/engines/addon-child-process.ts' } };
