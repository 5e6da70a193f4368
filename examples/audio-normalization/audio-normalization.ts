// Any media file to clean speech of even loudness, 16 kHz and mono, with its waveform.
//
//   npx node --conditions=@media-jobs/source examples/audio-normalization/audio-normalization.ts
//   curl -F file=@talk.mp4 -F remove_noise=true http://localhost:8002/jobs
import { prepareSpeechOperation, spectrogramOperation } from '@media-jobs/ffmpeg';
import { ffmpegOf, startService } from '../shared/start-service.ts';
import { normalizeOperation } from './normalize-operation.ts';
import { addNormalizeRoute } from './normalize-route.ts';

await startService({
  name: 'audio-normalization',
  divisor: 2,
  async open(setting) {
    const ffmpeg = ffmpegOf(setting);
    return { operations: [normalizeOperation({ ffmpeg }), prepareSpeechOperation({ ffmpeg }), spectrogramOperation({ ffmpeg })] };
  },
  addRoutes: addNormalizeRoute,
});
