/** One second-order filter: `y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''`. */
export interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/** The two filters of K-weighting: what the head does to sound, then a high-pass. */
export interface KWeighting {
  readonly shelf: Biquad;
  readonly highpass: Biquad;
}

/** Corner frequencies (Hz), gain (dB) and qualities of the filters that ITU-R BS.1770 tabulates for 48 kHz only. */
const shelf = { frequency: 1681.974450955533, gainDb: 3.999843853973347, quality: 0.7071752369554196, bandExponent: 0.4996667741545416 };
const highpass = { frequency: 38.13547087602444, quality: 0.5003270373238773 };

/** The K-weighting of ITU-R BS.1770 at any sample rate (Hz): the same analogue filters, mapped by the bilinear transform. */
export function kWeighting(sampleRate: number): KWeighting {
  return Object.freeze({ shelf: shelfFilter(sampleRate), highpass: highpassFilter(sampleRate) });
}

function shelfFilter(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * shelf.frequency) / sampleRate);
  const high = 10 ** (shelf.gainDb / 20);
  const band = high ** shelf.bandExponent;
  const a0 = 1 + k / shelf.quality + k * k;
  return Object.freeze({
    b0: (high + (band * k) / shelf.quality + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (band * k) / shelf.quality + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / shelf.quality + k * k) / a0,
  });
}

/** The table of BS.1770 leaves the numerator of this one unscaled (1, -2, 1) at 48 kHz; so do the meters in use. */
function highpassFilter(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * highpass.frequency) / sampleRate);
  const a0 = 1 + k / highpass.quality + k * k;
  return Object.freeze({ b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / highpass.quality + k * k) / a0 });
}
