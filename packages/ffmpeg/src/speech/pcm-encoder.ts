const fullScale = 32_768;

/** Makes samples louder or softer, in place. */
export function amplify(samples: Float32Array, gain: number): void {
  for (let index = 0; index < samples.length; index += 1) samples[index] = (samples[index] as number) * gain;
}

/** Rounds to the nearest step of 16 bits, in memory that the next call uses again. Adding full scale first makes all values positive, where cutting off is rounding down. */
export function createPcmEncoder(): (samples: Float32Array) => Uint8Array {
  let pcm = new Int16Array(0);
  return (samples) => {
    if (pcm.length < samples.length) pcm = new Int16Array(samples.length);
    for (let index = 0; index < samples.length; index += 1) {
      const value = (samples[index] as number) * fullScale + (fullScale + 0.5);
      pcm[index] = (value < 0 ? 0 : value >= 2 * fullScale ? 2 * fullScale - 1 : value | 0) - fullScale;
    }
    return new Uint8Array(pcm.buffer, 0, samples.length * Int16Array.BYTES_PER_ELEMENT);
  };
}
