import type { Peak } from './peak-collector.ts';
import type { Picture } from './png.ts';

/** How a waveform picture looks; all fields set and checked. */
export interface WaveformStyle {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** `#rrggbb`: the wave. */
  readonly color: string;
  /** `#rrggbb` or `transparent`. */
  readonly background: string;
}

type Rgb = readonly [number, number, number];

/** Opacity of the outer wave, which reaches to the peaks; the inner one, of the mean level, is opaque. */
const peakOpacity = 0.55;
/** Part of the height that the loudest peak fills. */
const filled = 0.92;
/** Half the thickness of the line in the middle, in pixels: silence is still a line. */
const lineHalf = 0.75;

/** Draws one peak a column, mirrored around the middle as it is, scaled so that the loudest fills the height. */
export function drawWaveform(peaks: readonly Peak[], style: WaveformStyle): Picture {
  const { width, height } = style;
  const pixels = new Uint8Array(width * height * 4);
  const color = rgb(style.color);
  const background = style.background === 'transparent' ? undefined : rgb(style.background);
  const loudest = peaks.reduce((most, { low, high }) => Math.max(most, high, -low), 0);
  const scale = loudest > 0 ? ((height / 2) * filled) / loudest : 0;
  for (let x = 0; x < width; x += 1) {
    const { low, high, rms } = peaks[x] ?? { low: 0, high: 0, rms: 0 };
    const outer: Span = span(height, high * scale, -low * scale);
    const inner: Span = span(height, Math.min(rms, high) * scale, Math.min(rms, -low) * scale);
    for (let y = 0; y < height; y += 1) {
      const within = covered(inner, y);
      const opacity = within + (1 - within) * covered(outer, y) * peakOpacity;
      setPixel(pixels, (y * width + x) * 4, opacity, color, background);
    }
  }
  return { width, height, pixels };
}

/** From top to bottom, in pixels from the upper edge. */
type Span = readonly [top: number, bottom: number];

function span(height: number, above: number, below: number): Span {
  return [height / 2 - Math.max(above, lineHalf), height / 2 + Math.max(below, lineHalf)];
}

/** Which part of pixel row `y` lies in the span: smooth edges without a second drawing. */
function covered([top, bottom]: Span, y: number): number {
  return Math.max(0, Math.min(bottom, y + 1) - Math.max(top, y));
}

function setPixel(pixels: Uint8Array, at: number, opacity: number, color: Rgb, background: Rgb | undefined): void {
  for (let part = 0; part < 3; part += 1) {
    const front = color[part] as number;
    pixels[at + part] = background === undefined ? front : Math.round(front * opacity + (background[part] as number) * (1 - opacity));
  }
  pixels[at + 3] = background === undefined ? Math.round(opacity * 255) : 255;
}

function rgb(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
