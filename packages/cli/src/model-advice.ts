/** Where a model comes from. */
export const modelAdvice = 'Download a ggml model of whisper.cpp, such as ggml-base.en.bin (148 MB) from https://huggingface.co/ggerganov/whisper.cpp, and give its path with --model or in MEDIA_JOBS_MODEL.';
