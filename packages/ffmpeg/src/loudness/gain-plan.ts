import { truePeakMarginDb } from './true-peak-limiter.ts';

/** What loudness is wanted. */
export interface LoudnessTarget {
  /** Integrated loudness (EBU R128) in LUFS. */
  readonly targetLufs: number;
  /** Largest true peak in dBTP. */
  readonly truePeakDb: number;
}

/** What was measured before any gain. */
export interface LoudnessMeasurement {
  /** Integrated loudness in LUFS; `-Infinity` for silence and for less than 400 ms. */
  readonly lufs: number;
  /** True peak in dBTP; `-Infinity` for digital silence. */
  readonly peakDb: number;
  readonly durationSeconds: number;
}

/** Why the gain is not simply the distance to the target. */
export type GainReason = 'silent' | 'too-short' | 'gain-limited';

/** One gain for the whole programme. */
export interface GainPlan {
  readonly gainDb: number;
  /** Whether peaks would pass the limit at this gain, so that the limiter is needed. */
  readonly limit: boolean;
  readonly reason?: GainReason;
}

/** No programme is made louder or softer by more than this. */
const largestLongGainDb = 30;
/** Below this length the measurement rests on a few blocks, and less is done. */
const shortSeconds = 3;
const largestShortGainDb = 12;
/** One block of EBU R128; nothing shorter can be measured. */
const blockSeconds = 0.4;

/** The largest change in dB, up or down, for a programme of this length. */
export function largestGainDb(durationSeconds: number): number {
  return durationSeconds < shortSeconds ? largestShortGainDb : largestLongGainDb;
}

/** The gain that brings the measured loudness to the target, within bounds; silence is left alone. */
export function planGain(measured: LoudnessMeasurement, target: LoudnessTarget): GainPlan {
  const isTooHigh = (gainDb: number): boolean => measured.peakDb + gainDb > target.truePeakDb - truePeakMarginDb;
  const tooShort = measured.durationSeconds < blockSeconds;
  if (tooShort || !Number.isFinite(measured.lufs) || !Number.isFinite(measured.peakDb)) {
    const reason = tooShort && Number.isFinite(measured.peakDb) ? 'too-short' : 'silent';
    return Object.freeze({ gainDb: 0, limit: isTooHigh(0), reason });
  }
  const largest = largestGainDb(measured.durationSeconds);
  const wanted = target.targetLufs - measured.lufs;
  const gainDb = Math.max(-largest, Math.min(largest, wanted));
  return Object.freeze({ gainDb, limit: isTooHigh(gainDb), ...(gainDb === wanted ? {} : { reason: 'gain-limited' as const }) });
}
