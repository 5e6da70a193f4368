/**
 * Containers that are opened, by ffmpeg's names. Playlists, concatenations, image sequences and devices are not among
 * them: those can name other files and hosts.
 */
export const allowedFormats = Object.freeze([
  'wav', 'w64', 'mp3', 'aac', 'flac', 'ogg', 'mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2', 'matroska', 'webm', 'mpegts', 'mpeg', 'flv', 'avi', 'asf', 'aiff', 'caf', 'amr', 'ac3',
] as const);

/** Containers that are a row of frames, packets or pages, or samples without an index: nothing in them needs a large piece of memory. */
const rowFormats = new Set(['wav', 'w64', 'mp3', 'aac', 'flac', 'ogg', 'mpegts', 'mpeg', 'aiff', 'amr', 'ac3', 'eac3']);
/** Twice the largest picture that a FLAC file can hold in its head. */
const rowAllocBytes = 33_554_432;

/**
 * Largest single allocation of ffmpeg for a file of this format, of the `most` that is allowed. In a row of frames ffmpeg collects all it reads until it
 * finds the next one, up to this size: gigabytes of zeros would otherwise fill the memory to the last of what an index of days may need.
 */
export function allocationLimit(format: string, most: number): number {
  return rowFormats.has(format.split(',', 1)[0] ?? '') ? Math.min(most, rowAllocBytes) : most;
}

/** Decoders that may be opened: those of audio that these containers carry. A picture in an audio file is never decoded. */
export const allowedDecoders = Object.freeze([
  'aac', 'aac_fixed', 'aac_latm', 'mp1', 'mp1float', 'mp2', 'mp2float', 'mp3', 'mp3float', 'opus', 'libopus', 'vorbis', 'libvorbis', 'flac', 'alac', 'speex', 'libspeex',
  'ac3', 'ac3_fixed', 'eac3', 'dca', 'truehd', 'mlp', 'amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb', 'wmav1', 'wmav2', 'wmapro', 'wmalossless', 'wmavoice',
  'gsm', 'gsm_ms', 'libgsm', 'libgsm_ms', 'g722', 'g726', 'qcelp', 'ilbc', 'nellymoser', 'qdm2', 's302m', 'wavpack',
  'adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt', 'adpcm_swf', 'adpcm_yamaha', 'adpcm_g722', 'adpcm_g726',
  'pcm_alaw', 'pcm_mulaw', 'pcm_u8', 'pcm_s8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be', 'pcm_s64le', 'pcm_s64be',
  'pcm_f32le', 'pcm_f32be', 'pcm_f64le', 'pcm_f64be', 'pcm_bluray', 'pcm_dvd',
] as const);
