/** One of the four example services. */
export interface ServiceEntry {
  readonly name: string;
  /** Its database of Redis, and the end of its port. */
  readonly divisor: number;
}

/** The four, in the order in which they need each other. */
export const serviceList: readonly ServiceEntry[] = [
  { name: 'video-downloader', divisor: 1 },
  { name: 'audio-normalization', divisor: 2 },
  { name: 'audio-transcriber', divisor: 3 },
  { name: 'orchestrator', divisor: 4 },
];

/** The variable that tells the orchestrator where a service is. */
export const addressVariable = (name: string): string => `${name.toUpperCase().replaceAll('-', '_')}_URL`;
