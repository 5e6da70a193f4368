import type { ListedModel, VerifiedModel } from '@media-jobs/whisper';
import { printable } from '../printable.ts';
import { tableText } from '../table.ts';
import { bytesText } from '../units.ts';

const columns = [{ title: 'MODEL', leastWidth: 12 }, { title: 'STATE' }, { title: 'SIZE' }, { title: 'PATH', leastWidth: 20 }];

/** A line for each model. */
export function modelsText(models: readonly ListedModel[], width: number): string {
  return tableText(columns, models.map((model) => [model.name ?? '-', stateText(model), bytesText(model.publishedBytes ?? model.bytes), model.state === 'absent' ? '' : printable(model.path)]), width);
}

function stateText({ state, bytes, publishedBytes }: ListedModel): string {
  if (state !== 'partial') return state;
  return publishedBytes === null ? 'partial' : `${Math.floor((bytes / publishedBytes) * 100)} %`;
}

/** A line for each model that was read, and what is wrong with it. */
export function verifiedText(verified: readonly VerifiedModel[]): string {
  return verified.map(({ name, ok, sha256, problem }) => `${name}: ${ok ? `ok, sha256 ${sha256}` : `wrong. ${problem ?? ''}`}\n`).join('');
}
