/** From where on a segment is likely to be made up. */
export interface HallucinationThresholds {
  /** Bytes of a text by its bytes when deflated; above, it says the same again and again. */
  readonly compressionRatio: number;
  /** Mean of the natural logarithms of the tokens' probabilities; below, the model was guessing. */
  readonly averageLogProbability: number;
  /** Above, the model itself held that nobody speaks. */
  readonly noSpeechProbability: number;
  /** How often the same one to eight words may follow each other at once; from here on it is a loop. */
  readonly repeatedWords: number;
  /** How many segments in a row may say the same; from here on it is a loop. */
  readonly repeatedSegments: number;
  /** Audio that never rises above this, in dB below full scale, holds no speech. */
  readonly silencePeakDb: number;
}

/**
 * The first three are the defaults of OpenAI's `transcribe.py` (`compression_ratio_threshold` 2.4, `logprob_threshold` -1.0,
 * `no_speech_threshold` 0.6), which decide there whether a window is decoded again or skipped. The repetitions are ours:
 * people say a word three times, rarely four; -60 dB is what this package calls silence for a whole file.
 */
export const hallucinationThresholds: HallucinationThresholds = Object.freeze({
  compressionRatio: 2.4, averageLogProbability: -1, noSpeechProbability: 0.6, repeatedWords: 4, repeatedSegments: 3, silencePeakDb: -60,
});
