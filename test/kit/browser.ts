/** A real Chromium for tests: Debian's package, or whichever CHROMIUM_PATH names. It talks to loopback only. */
import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';

const quiet = [
  '--headless',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error that says how to get a Chromium when there is none */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`There is no ${executablePath}. Install Debian's chromium package, or set CHROMIUM_PATH.`);
  }
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: isRoot ? [...quiet, '--no-sandbox'] : quiet });
}

/** What leaves a page, as the browser tells it: one text for each request, with address, headers and body. */
export function captureRequests(page: Page): string[] {
  const captured: string[] = [];
  page.on('request', (request) => {
    const headers = JSON.stringify(request.headers());
    captured.push(`${request.method()} ${request.url()} ${headers} ${request.postData() ?? ''}`);
  });
  return captured;
}

/** What a page says on its console, what breaks in it, and `blocked: <directive>` for each event of its policy. */
export async function captureConsole(page: Page): Promise<string[]> {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => lines.push(`uncaught: ${error.message}`));
  await page.exposeFunction('tellBlocked', (directive: string) => lines.push(`blocked: ${directive}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      (globalThis as unknown as { tellBlocked(directive: string): void }).tellBlocked(effectiveDirective),
    );
  });
  return lines;
}

/**
 * The legacy mode leaves out frames of other origins, which no page here has, and takes half the time.
 *
 * @returns what axe finds, one line for each rule and element
 */
export async function findBarriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${impact} ${id}: ${html}`));
}
