/** Works in a work folder until it is killed: `prepare-child.ts <work folder> <input> <output> <prepareSpeech or convert> <options of createFfmpeg as JSON> <options of the call as JSON>`. */
import { openWorkFolder } from '@media-jobs/cleanup';
import { createFfmpeg } from '../ffmpeg.ts';

const [folder = '', input = '', output = '', name = '', options = '{}', call = '{}'] = process.argv.slice(2);
await using work = await openWorkFolder({ folder });
const ffmpeg = createFfmpeg({ ...(JSON.parse(options) as object), temp: work.temp });
await (name === 'convert' ? ffmpeg.convert(input, output, JSON.parse(call) as object) : ffmpeg.prepareSpeech(input, output, JSON.parse(call) as object));
