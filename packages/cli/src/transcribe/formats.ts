import { toLrc, toSrt, toTsv, toTxt, toVtt } from '@media-jobs/whisper';
import type { Answer } from './answer.ts';

/** How a transcript can be written. */
export const formats = ['txt', 'srt', 'vtt', 'tsv', 'lrc', 'json'] as const;
export type Format = (typeof formats)[number];

/** Whether the text names a format. */
export function isFormat(text: string): text is Format {
  return formats.some((format) => format === text);
}

/** The answer in one format; text that ends with a line break, or nothing where nothing was said. */
export function renderAnswer(answer: Answer, format: Format): string {
  switch (format) {
    case 'txt':
      return toTxt(answer.segments);
    case 'srt':
      return toSrt(answer.segments);
    case 'vtt':
      return toVtt(answer.segments);
    case 'tsv':
      return toTsv(answer.segments);
    case 'lrc':
      return toLrc(answer.segments);
    case 'json':
      return `${JSON.stringify(answer, null, 2)}\n`;
  }
}
