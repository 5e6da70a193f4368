/**
 * An MP4 file without its samples, whose index says that they lie in a file beside it called `name`, at the same places: `whole` has its
 * index at the end and one sound track. How QuickTime refers to other files: an alias in `dref`.
 */
export function withForeignReference(whole: Buffer, name: string): Buffer {
  const moov = whole.subarray(whole.indexOf('moov') - 4);
  const dref = moov.indexOf('dref') - 4;
  const old = moov.readUInt32BE(dref);
  const added = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), alias(name)]);
  const box = Buffer.concat([Buffer.alloc(4), Buffer.from('dref', 'latin1'), added]);
  box.writeUInt32BE(box.length, 0);
  const changed = Buffer.concat([moov.subarray(0, dref), box, moov.subarray(dref + old)]);
  for (const parent of ['moov', 'trak', 'mdia', 'minf', 'dinf']) {
    const at = changed.indexOf(parent) - 4;
    changed.writeUInt32BE(changed.readUInt32BE(at) + box.length - old, at);
  }
  return Buffer.concat([Buffer.from('\0\0\0\x18ftypqt  \0\0\0\0qt  qt  ', 'latin1'), changed]);
}

/** A record of a Macintosh alias: the file `name` in the folder of the file that refers to it. */
function alias(name: string): Buffer {
  const path = Buffer.from(`/${name}\0`.padEnd(2 * Math.ceil((name.length + 2) / 2), '\0'), 'latin1');
  const record = Buffer.alloc(150 + 4 + path.length + 4);
  record.write(name, 10 + 28 + 12 + 1, 'latin1');
  record[10 + 28 + 12] = name.length;
  const levels = 10 + 28 + 12 + 64 + 16;
  record.writeUInt16BE(1, levels);
  record.writeUInt16BE(1, levels + 2);
  const tag = levels + 4 + 16;
  record.writeUInt16BE(2, tag);
  record.writeUInt16BE(path.length, tag + 2);
  path.copy(record, tag + 4);
  record.writeUInt16BE(0xffff, tag + 4 + path.length);
  const entry = Buffer.concat([Buffer.alloc(4), Buffer.from('alis\0\0\0\0', 'latin1'), record]);
  entry.writeUInt32BE(entry.length, 0);
  return entry;
}
