import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** A page that is watched: whatever a visitor's console would show as wrong is kept. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors of the console, uncaught errors, and breaches of the content security policy. */
  readonly wrong: readonly string[];
}

/** What one browser of a suite can do. */
export interface TestBrowser extends AsyncDisposable {
  readonly open: (url: string, options?: { readonly width?: number; readonly height?: number; readonly dark?: boolean }) => Promise<WatchedPage>;
}

/** Where a look is kept: an ignored folder of the clone. */
const artefacts = fileURLToPath(new URL('../../../work/screenshots/', import.meta.url));

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Debian's Chromium; as root, as which containers run, it has no sandbox of its own. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? places.find((path) => existsSync(path)) ?? 'chromium';
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args: [...args, '--autoplay-policy=no-user-gesture-required', '--mute-audio'] });
  return {
    open: (url, options = {}) => openPage(browser, url, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function openPage(browser: Browser, url: string, { width = 1280, height = 900, dark = false }: { readonly width?: number; readonly height?: number; readonly dark?: boolean }): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', acceptDownloads: true });
  const page = await context.newPage();
  const wrong: string[] = [];
  // Whoever listens for it only with the key press comes too late.
  page.on('filechooser', () => undefined);
  await watch(context, page, wrong);
  await page.goto(url);
  return { page, wrong, [Symbol.asyncDispose]: () => context.close() };
}

async function watch(context: BrowserContext, page: Page, wrong: string[]): Promise<void> {
  page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
  page.on('pageerror', (error) => wrong.push(String(error)));
  await context.exposeFunction('tellBreach', (breach: string) => wrong.push(breach));
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) => tellBreach(event.violatedDirective + ' ' + event.blockedURI))`);
}

/** Keeps how the page looks, whole, once it knows how the service is. */
export async function keepLook(page: Page, name: string): Promise<void> {
  await page.locator('#health-badge[data-state="ok"]').waitFor();
  mkdirSync(artefacts, { recursive: true });
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true });
}
