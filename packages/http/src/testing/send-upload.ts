import { request } from 'node:http';
import { formParts } from './raw-request.ts';

const { type, head, tail } = formParts('film.mkv');

/** Sends so many bytes of a file that is made on the way, as fast as they are taken, or at most so many a second; resolves with the status of the answer. */
export async function sendUpload(url: string, size: number, bytesPerSecond = Infinity): Promise<number> {
  const sending = request(`${url}/jobs`, { method: 'POST', headers: { 'content-type': type, 'content-length': head.length + size + tail.length } });
  const status = new Promise<number>((resolve, reject) => sending.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject));
  const chunk = Buffer.alloc(256 * 1024, 1);
  sending.write(head);
  const began = performance.now();
  for (let sent = 0; sent < size; sent += chunk.length) {
    chunk.writeDoubleLE(sent + size, 0);
    if (!sending.write(chunk.subarray(0, Math.min(chunk.length, size - sent)))) await new Promise((resolve) => void sending.once('drain', resolve));
    const aheadMs = (sent / bytesPerSecond) * 1_000 - (performance.now() - began);
    if (aheadMs > 0) await new Promise((resolve) => void setTimeout(resolve, aheadMs));
  }
  sending.end(tail);
  return status;
}
