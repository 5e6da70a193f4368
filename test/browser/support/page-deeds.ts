import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Goes on with the tab key until the focus is on what is looked for. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let steps = 0; steps < 60; steps += 1) {
    if (await page.locator(`${selector}:focus`).count() > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The tab key never came to ${selector}.`);
}

interface Player {
  currentTime: number;
  pause(): void;
}

/** Where the player is, in seconds. */
export const timeOf = (page: Page): Promise<number> => page.locator('audio').evaluate((player) => (player as unknown as Player).currentTime);

/** Has the player stand still there. */
export async function standAt(page: Page, seconds: number): Promise<void> {
  await page.locator('audio').evaluate((element, time) => {
    const player = element as unknown as Player;
    player.pause();
    player.currentTime = time;
  }, seconds);
}

/** Waits until all pictures are there. */
export async function picturesShown(page: Page): Promise<void> {
  await expect.poll(() => page.locator('img').evaluateAll((pictures) => pictures.every((picture) => (picture as unknown as { readonly naturalWidth: number }).naturalWidth > 0))).toBe(true);
}

/** As over a line of 100 kB a second. */
export async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 });
}
