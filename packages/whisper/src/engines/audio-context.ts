/** Positions of the encoder for one second of audio. */
const perSecond = 50;
/** Steps of about five seconds, so that clips of like length share one process. */
const step = 256;

/** Positions that hold so much audio and a little silence behind it, where they are fewer than the model's. They follow from the length alone, so that the result does. */
export function contextFor(durationSeconds: number, ofModel: number): { readonly audioContext?: number } {
  const fitting = Math.ceil((durationSeconds * perSecond + 10) / step) * step;
  return fitting < ofModel ? { audioContext: fitting } : {};
}
