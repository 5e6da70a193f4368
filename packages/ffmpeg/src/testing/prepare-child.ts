/** Prepares speech in a work folder until it is killed: `prepare-child.ts <work folder> <input> <output> <options of createFfmpeg as JSON> <options of the call as JSON>`. */
import { openWorkFolder } from '@media-jobs/cleanup';
import { createFfmpeg } from '../ffmpeg.ts';

const [folder = '', input = '', output = '', options = '{}', call = '{}'] = process.argv.slice(2);
await using work = await openWorkFolder({ folder });
await createFfmpeg({ ...(JSON.parse(options) as object), temp: work.temp }).prepareSpeech(input, output, JSON.parse(call) as object);
