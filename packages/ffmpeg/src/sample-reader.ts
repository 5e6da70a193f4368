const bytesPerSample = 4;

/** Cuts a stream of bytes, in pieces of any length, into whole frames of 32-bit float samples. */
export class SampleReader {
  readonly #frameBytes: number;
  /** Bytes of a frame that has not come whole. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(channels: number) {
    this.#frameBytes = channels * bytesPerSample;
  }

  /** The samples of the frames that are whole by now, in memory of their own or that of `chunk`. */
  read(chunk: Uint8Array): Float32Array {
    const fresh = this.#rest.length === 0 && chunk.byteOffset % bytesPerSample === 0;
    const bytes = fresh ? chunk : joined(this.#rest, chunk);
    const whole = bytes.length - (bytes.length % this.#frameBytes);
    this.#rest = bytes.slice(whole);
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, whole / bytesPerSample);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** A channel by its number, or the first two mixed as ffmpeg mixes them. */
export type ChannelPick = number | 'mix';

/** One channel of interleaved samples. With one channel, the samples themselves. */
export function channelOf(samples: Float32Array, channel: ChannelPick, channels: number): Float32Array {
  if (channels === 1) return samples;
  if (channel === 'mix') return mixOf(samples, channels);
  const picked = new Float32Array(Math.floor(samples.length / channels));
  for (let index = 0; index < picked.length; index += 1) picked[index] = samples[index * channels + channel] as number;
  return picked;
}

function mixOf(samples: Float32Array, channels: number): Float32Array {
  const mix = new Float32Array(Math.floor(samples.length / channels));
  for (let index = 0; index < mix.length; index += 1) mix[index] = ((samples[index * channels] as number) + (samples[index * channels + 1] as number)) * Math.SQRT1_2;
  return mix;
}
