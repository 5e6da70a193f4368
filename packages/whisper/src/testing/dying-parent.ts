/** A program that is killed in the middle of a run: `node dying-parent.ts MODEL WAV ENGINE`. It says `running` when it is there. */
import { createWhisper } from '@media-jobs/whisper';

const [model = '', wavFile = '', engine] = process.argv.slice(2);
await using whisper = await createWhisper({ model, engine: engine === 'addon-child' ? 'addon-child' : 'whisper-cli', keepAliveMs: Infinity });
await whisper.transcribe(wavFile, { onProgress: () => process.send?.('running') });
process.send?.('idle');
// The transcriber is disposed of when this file has run to its end, which it must not.
await new Promise((resolve) => void setTimeout(resolve, 3_600_000));
