// Downloads one file and says how far it is, until it is killed.
import { fetchFile } from '@media-jobs/cleanup';

const [url = '', target = '', sha256 = ''] = process.argv.slice(2);
const expected = sha256 === '' ? {} : { sha256 };
await fetchFile({ urls: [url], target, expected, onProgress: ({ bytes }) => process.stdout.write(`${JSON.stringify({ bytes })}\n`) });
process.stdout.write(`${JSON.stringify({ done: true })}\n`);
