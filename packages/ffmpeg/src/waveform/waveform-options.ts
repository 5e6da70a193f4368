import { invalidOption, requireWhole } from '../option-checks.ts';
import type { WaveformStyle } from './draw-waveform.ts';

/** How a waveform picture looks. */
export type WaveformLook = Partial<WaveformStyle>;

/** The look of a picture unless the caller asks for another. */
export const defaultWaveform = Object.freeze({ width: 1200, height: 200, color: '#38bdf8', background: '#0f172a' } as const) satisfies WaveformStyle;

const hexColor = /^#[0-9a-f]{6}$/i;

/** The look with its defaults, checked. Throws `INVALID_OPTION`. */
export function resolveWaveform(look: WaveformLook = {}): WaveformStyle {
  const { width = defaultWaveform.width, height = defaultWaveform.height, color = defaultWaveform.color, background = defaultWaveform.background } = look;
  requireWhole('waveform.width', width, 16, 8192);
  requireWhole('waveform.height', height, 16, 2048);
  if (!hexColor.test(color)) throw invalidOption('waveform.color', 'a color such as `#38bdf8`', color);
  if (background !== 'transparent' && !hexColor.test(background)) throw invalidOption('waveform.background', '`transparent` or a color such as `#0f172a`', background);
  return Object.freeze({ width, height, color, background });
}
