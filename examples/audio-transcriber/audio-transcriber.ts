// Any media file to text, captions and pictures.
//
//   WHISPER_MODEL=base npx node --conditions=@media-jobs/source examples/audio-transcriber/audio-transcriber.ts
//   curl -F file=@talk.mp4 http://localhost:8003/jobs
import { prepareSpeechOperation, spectrogramOperation } from '@media-jobs/ffmpeg';
import { createModels, createWhisper, transcribe } from '@media-jobs/whisper';
import { ffmpegOf, startService } from '../shared/start-service.ts';
import { addTranscriptRoutes } from './transcript-routes.ts';

/** A burst of jobs pays for one load of the model; after that much silence its memory is given back. */
const keepAliveMs = 60_000;

await startService({
  name: 'audio-transcriber',
  divisor: 3,
  async open(setting) {
    const { config, environment, logger, held } = setting;
    const models = createModels({ logger, ...(config.modelsFolder === undefined ? {} : { folder: config.modelsFolder }) });
    const whisper = held.use(await createWhisper({ model: environment.WHISPER_MODEL ?? 'base', models, keepAliveMs, logger }));
    const ffmpeg = ffmpegOf(setting);
    return {
      operations: [transcribe({ whisper, speech: ffmpeg }), prepareSpeechOperation({ ffmpeg }), spectrogramOperation({ ffmpeg })],
      resetTargets: [models],
    };
  },
  addRoutes: addTranscriptRoutes,
});
