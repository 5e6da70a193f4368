import type { FetchProgress } from '@media-jobs/cleanup';
import type { TextOutput } from '../command.ts';
import type { ProgressBar } from '../progress-bar.ts';
import { bytesText } from '../units.ts';

type OnProgress = (progress: FetchProgress) => void;

const ratioOf = ({ bytes, totalBytes }: FetchProgress): number => (totalBytes === null || totalBytes === 0 ? 0 : Math.min(1, bytes / totalBytes));

/** Shows a download on the bar. */
export function modelProgress(bar: ProgressBar): OnProgress {
  return (progress) => bar.update({ ratio: ratioOf(progress), phase: 'model' });
}

/** A line for each tenth, where there is no terminal to draw on. */
export function progressLines(output: TextOutput, name: string): OnProgress {
  let shown = -1;
  return (progress) => {
    const tenth = Math.floor(ratioOf(progress) * 10);
    if (tenth <= shown) return;
    shown = tenth;
    void output.write(`${name}: ${tenth * 10} % of ${bytesText(progress.totalBytes ?? progress.bytes)}\n`);
  };
}
