import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';

const headerName = '3026b2758e66cf11a6d900aa0062ce6c';
const dataName = '3626b2758e66cf11a6d900aa0062ce6c';
const propertiesName = 'a1dcab8c47a9cf118ee400c00c205365';
const mostObjects = 1_000;

/** ASF, WMA and WMV: objects that state their size. */
export async function asfEnding(reader: ByteReader): Promise<Ending> {
  const head = await reader.read(0, 30);
  if (head.length < 30 || head.toString('hex', 0, 16) !== headerName) return unknown('it does not start as ASF does');
  const headerEnd = Number(head.readBigUInt64LE(16));
  if (headerEnd > reader.size) return cut('it ends within its header', reader.size, headerEnd);
  if (await isBroadcast(reader, headerEnd)) return unknown('it was written live, and states no length');
  const data = await reader.read(headerEnd, 24);
  if (data.length < 24) return cut('it ends before its sound starts', reader.size);
  if (data.toString('hex', 0, 16) !== dataName) return unknown('no sound follows its header');
  const size = Number(data.readBigUInt64LE(16));
  if (size <= 50) return unknown('its writer did not know the length');
  const end = headerEnd + size;
  return end > reader.size ? cut('it ends before the number of bytes that its header states', reader.size, end) : whole;
}

/** A live recording is marked in the object of the properties; its sizes mean nothing. */
async function isBroadcast(reader: ByteReader, end: number): Promise<boolean> {
  let offset = 30;
  for (let count = 0; count < mostObjects && offset < end; count += 1) {
    const object = await reader.read(offset, 92);
    if (object.length < 24) return false;
    if (object.toString('hex', 0, 16) === propertiesName) return object.length === 92 && (object.readUInt32LE(88) & 1) === 1;
    offset += Math.max(24, Number(object.readBigUInt64LE(16)));
  }
  return false;
}
