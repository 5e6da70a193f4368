import { requireNumber, requireWhole } from '../option-checks.ts';

/** How a spectrogram looks; all fields set and checked. */
export interface SpectrogramStyle {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** What lies so far below the loudest point is as dark as silence, in dB. */
  readonly rangeDb: number;
}

/** How a spectrogram looks. */
export type SpectrogramLook = Partial<SpectrogramStyle>;

/** The look of a spectrogram unless the caller asks for another. */
export const defaultSpectrogram = Object.freeze({ width: 1200, height: 400, rangeDb: 80 } as const) satisfies SpectrogramStyle;

/** The look with its defaults, checked. Throws `INVALID_OPTION`. */
export function resolveSpectrogram(look: SpectrogramLook = {}): SpectrogramStyle {
  const { width = defaultSpectrogram.width, height = defaultSpectrogram.height, rangeDb = defaultSpectrogram.rangeDb } = look;
  requireWhole('spectrogram.width', width, 16, 4096);
  requireWhole('spectrogram.height', height, 16, 2048);
  requireNumber('spectrogram.rangeDb', rangeDb, 20, 160);
  return Object.freeze({ width, height, rangeDb });
}
