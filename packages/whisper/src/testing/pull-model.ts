// Pulls one model as another process would, and says how far it is.
import { createModels, type KnownModel } from '@media-jobs/whisper';

const [folder = '', source = '', known = ''] = process.argv.slice(2);
const model = JSON.parse(known) as KnownModel;
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const path = await createModels({ folder, sources: [source], known: [model], transfer: { reserveBytes: 0 } }).pull(model.name, { onProgress: ({ bytes }) => say({ bytes }), onWait: ({ pid }) => say({ waitsFor: pid }) });
say({ path });
