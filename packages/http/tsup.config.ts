import { cpSync } from 'node:fs';
import base from '../../tsup.base.ts';

/** The page is plain files: they lie beside what is built as they lie beside the sources. */
export default { ...base, onSuccess: async () => cpSync('src/page/static', 'dist/static', { recursive: true }) };
