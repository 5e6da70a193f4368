/** Redis keeps a hash as one packed list while no value is longer than this (`hash-max-listpack-value`). */
const longestValue = 64;

/** Texts of up to so many pieces stand in the record itself; longer ones have a key of their own, which costs about 100 bytes. */
const mostPieces = 4;

/** Stands in the first piece when the text has a key of its own. No JSON begins with it. */
const elsewhere = '>';

/**
 * Puts a text into the fields `name`, `name1`, `name2`…, or returns it when it is too long for them and must be kept beside
 * the record. An empty text takes no field at all.
 */
export function splitText(fields: Record<string, string>, name: string, text: string): string | null {
  if (text === '') return null;
  const pieces = Math.ceil(text.length / longestValue);
  if (Buffer.byteLength(text) !== text.length || pieces > mostPieces) {
    fields[name] = elsewhere;
    return text;
  }
  for (let piece = 0; piece < pieces; piece += 1) fields[pieceName(name, piece)] = text.slice(piece * longestValue, (piece + 1) * longestValue);
  return null;
}

/** The text that `splitText` put there. Throws when it should stand beside the record and does not. */
export function joinText(fields: Readonly<Record<string, string>>, name: string, beside: string | null): string {
  if (fields[name] === elsewhere) {
    if (beside === null) throw new Error(`The text of \`${name}\` is missing.`);
    return beside;
  }
  let text = '';
  for (let piece = 0; piece < mostPieces; piece += 1) text += fields[pieceName(name, piece)] ?? '';
  return text;
}

function pieceName(name: string, piece: number): string {
  return piece === 0 ? name : name + String(piece);
}
