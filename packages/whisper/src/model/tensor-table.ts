import { EndOfFile, type FileCursor } from './file-cursor.ts';
import { headerBytes, modelInvalid, type ModelHeader } from './model-header.ts';

/** Values in a block and bytes of a block, by number of the type in ggml.h (`enum ggml_type`) and its block structures. */
const tensorTypes: ReadonlyMap<number, readonly [values: number, bytes: number]> = new Map([
  [0, [1, 4]], [1, [1, 2]], [30, [1, 2]], [2, [32, 18]], [3, [32, 20]], [6, [32, 22]], [7, [32, 24]], [8, [32, 34]],
  [10, [256, 84]], [11, [256, 110]], [12, [256, 144]], [13, [256, 176]], [14, [256, 210]],
]);

const longestName = 256;

/** Skips the filters, then the words; each word is a length and its bytes. */
async function skipFiltersAndWords(cursor: FileCursor, header: ModelHeader, file: string): Promise<void> {
  cursor.skip(headerBytes - cursor.position);
  const filterRows = await cursor.int32();
  const filterColumns = await cursor.int32();
  if (filterRows !== header.mels || filterColumns < 1 || filterColumns > 65_536) {
    throw modelInvalid(file, `Expected mel filters of ${header.mels} rows, got ${filterRows} by ${filterColumns}.`);
  }
  cursor.skip(4 * filterRows * filterColumns);
  const words = await cursor.int32();
  if (words < 1 || words > header.vocabulary) throw modelInvalid(file, `Expected 1 to ${header.vocabulary} words in the model, got ${words}.`);
  for (let word = 0; word < words; word += 1) {
    const bytes = (await cursor.take(4)).readUInt32LE(0);
    if (bytes > longestName) throw modelInvalid(file, `Expected words of up to ${longestName} bytes, got one of ${bytes}.`);
    cursor.skip(bytes);
  }
}

/** Skips one tensor and returns its name. whisper.cpp overruns its stack when there are more than four dimensions. */
async function skipTensor(cursor: FileCursor, file: string): Promise<string> {
  const head = await cursor.take(12);
  const dimensions = head.readInt32LE(0);
  const nameBytes = head.readInt32LE(4);
  const type = tensorTypes.get(head.readInt32LE(8));
  if (dimensions < 1 || dimensions > 4 || nameBytes < 1 || nameBytes > longestName || type === undefined) {
    throw modelInvalid(file, 'Expected the next tensor of the model, got something else: the file is damaged.', { offset: cursor.position - 12 });
  }
  let values = 1;
  for (let dimension = 0; dimension < dimensions; dimension += 1) {
    const size = await cursor.int32();
    if (size < 1) throw modelInvalid(file, `Expected positive dimensions, got ${size}: the file is damaged.`);
    values *= size;
  }
  const name = (await cursor.take(nameBytes)).toString('utf8');
  cursor.skip(Math.ceil(values / type[0]) * type[1]);
  return name;
}

/**
 * Walks the whole file by the sizes that it declares, without reading the weights: some hundred small reads. Finds files
 * that are cut off anywhere, also inside the last tensor, which whisper.cpp loads without a word. Throws `MODEL_INVALID`.
 */
export async function checkTensorTable(cursor: FileCursor, header: ModelHeader, file: string): Promise<void> {
  const expected = 11 + 15 * header.audioLayers + 24 * header.textLayers;
  const seen = new Set<string>();
  try {
    await skipFiltersAndWords(cursor, header, file);
    while (cursor.left > 0) seen.add(await skipTensor(cursor, file));
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    throw modelInvalid(file, `Expected ${expected} tensors in the model, but the file ends in the middle of number ${seen.size + 1}: it is cut off.`, { missing: error.message });
  }
  if (seen.size !== expected) throw modelInvalid(file, `Expected ${expected} tensors in the model, got ${seen.size}: it is cut off or of another kind.`);
}
