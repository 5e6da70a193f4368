/** Where a model comes from. */
export const modelAdvice = 'Give --model base.en (148 MB, English) or another name that `media-jobs models list` shows, which is downloaded once, or the path of a ggml model of whisper.cpp; MEDIA_JOBS_MODEL sets it once and for all.';
