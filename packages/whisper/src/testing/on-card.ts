import type { Engine } from '@media-jobs/core';

/** A real engine that works on the processor while it passes for one on a card: with a scripted driver, all but the memory is real. */
export function onCard(engine: Engine): Engine {
  return { ...engine, usesGpu: () => Promise.resolve(true), open: (options) => engine.open({ ...options, device: 'cpu' }) };
}
