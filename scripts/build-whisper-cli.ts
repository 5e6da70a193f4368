// Builds whisper-cli into the cache of this user, where it is not there yet. Part of the set-up of `npm test`.
import { buildWhisperCli } from '@media-jobs/whisper';

const { command, version, built } = await buildWhisperCli();
console.log(`whisper-cli ${version} ${built ? 'built' : 'is there'}: ${command}`);
