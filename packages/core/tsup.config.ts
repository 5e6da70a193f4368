import type { Options } from 'tsup';
import base from '../../tsup.base.ts';

const options: Options = { ...base, entry: { index: 'src/index.ts', 'conformance/index': 'src/conformance/index.ts', 'testing/index': 'src/testing/index.ts', 'heartbeat-thread': 'src/run/heartbeat-thread.ts' } };

export default options;
