export { createFfmpeg, type Ffmpeg } from './ffmpeg.ts';
export { defaultDisk, defaultLimits, type FfmpegBinaries, type FfmpegDisk, type FfmpegLimits, type FfmpegOptions } from './options.ts';
export { allowedDecoders, allowedFormats } from './formats.ts';
export type { AudioStream, DurationConfidence, MediaInfo, VideoStream } from './media-info.ts';
export type { Parallel } from './speech/parallel/chunk-plan.ts';
export { defaultHighpassHz, defaultLoudness, type OutputOptions, type PrepareSpeechOptions, type SpeechChannel } from './speech/prepare-options.ts';
export type { PreparedSpeech, SpeechTimings } from './speech/prepare-speech.ts';
export type { LoudnessResult } from './speech/apply-loudness.ts';
export type { GainReason, LoudnessTarget } from './loudness/gain-plan.ts';
export type { AudioCodec } from './convert/audio-codecs.ts';
export type { ConvertedAudio, ConvertOptions } from './convert/convert.ts';
export type { DenoiseOptions, ExtractAudioOptions, HighpassOptions, MonoAudio, ResampleOptions, ToMonoOptions } from './convert/single-operations.ts';
export type { NormalizedAudio, NormalizedLoudness, NormalizeLoudnessOptions } from './convert/normalize-loudness.ts';
export { defaultWaveform, type WaveformLook } from './waveform/waveform-options.ts';
export type { WaveformOptions } from './waveform/waveform.ts';
export type { PictureResult } from './waveform/picture-file.ts';
export { defaultSpectrogram, type SpectrogramLook } from './spectrogram/spectrogram-options.ts';
export type { SpectrogramOptions } from './spectrogram/spectrogram.ts';
export type { SplitBy, SplitOptions, SplitPart, SplitResult } from './split/split.ts';
export { neededFilters, type DoctorWarning, type FfmpegReport, type ProgramReport } from './binaries/doctor.ts';
export type { FfmpegPhase, FfmpegProgress } from './progress.ts';
export { timeLimit, type TimeLimit, type TimeLimitOptions } from './time-limit.ts';
export { prepareSpeechInput, prepareSpeechOperation, prepareSpeechOutput, type PrepareSpeechOperationOptions } from './prepare-speech-operation.ts';
export type { RunControls, RunInput, RunOutput, RunRequest, RunResult } from './run/run-media.ts';
export {
  convertOperation, denoiseOperation, extractAudioOperation, highpassOperation, normalizeLoudnessOperation, resampleOperation, toMonoOperation, type MediaOperationOptions,
} from './operations/single-operations.ts';
export { spectrogramOperation, splitOperation, waveformOperation } from './operations/picture-operations.ts';
export type { Cut, Ending } from './ending/ending.ts';
