/** The 3-D Secure challenge as a shopper meets it: in a real Chromium, from a shop's page and back to it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { blockedIn, captureConsole, captureRequests, findBarriers, launchChromium, tryToSend } from '../kit/browser.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { type Challenge, startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
/** A merchant's origin: where the shopper comes from, and where attacks come from. */
let shop: Server;
let shopUrl: string;
let heard: string[];
let browser: Browser;
let context: BrowserContext;
let page: Page;
let spoken: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  shop = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    const target = new URL(request.url ?? '', 'http://shop').searchParams.get('to') ?? '';
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (request.url?.startsWith('/hop'))
      return response.writeHead(302, { location: `http://localhost:${port()}/done` }).end();
    response.end(
      request.url?.startsWith('/frame')
        ? `<iframe src="${target}"></iframe>`
        : `<!doctype html><title>Shop</title><a id="go" href="${target}">go</a>`,
    );
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  shopUrl = `http://127.0.0.1:${port()}`;
  browser = await launchChromium();
});
const port = () => (shop.address() as AddressInfo).port;
afterAll(async () => {
  await browser?.close();
  shop?.close();
  shop?.closeAllConnections();
  await gateway?.stop();
});
beforeEach(async () => {
  heard = [];
  await freshPage();
});
afterEach(() => context.close());

async function freshPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  await context?.close();
  context = await browser.newContext({ colorScheme: 'light', viewport: { width: 600, height: 760 }, ...options });
  page = await context.newPage();
  spoken = await captureConsole(page);
}

/** As a shop does it: a click on its page leads to the challenge. */
async function meet(extra: object = { returnUrl: `${shopUrl}/done` }): Promise<Challenge> {
  const challenge = await startChallenge(gateway, extra);
  await page.goto(`${shopUrl}/?to=${encodeURIComponent(challenge.validateUrl)}`);
  await page.click('#go');
  await page.locator('input[name=challengeDataEntry]').waitFor();
  return challenge;
}

async function type(code: string): Promise<void> {
  await page.fill('input[name=challengeDataEntry]', code);
  await page.click('button[value=submit]');
}

const told = async ({ tokenRequestId }: Challenge) => {
  await gateway.settle();
  const events = gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result);
  return events.filter((result) => result.tokenRequestId === tokenRequestId).map(({ tokenStatus }) => tokenStatus);
};

const home = (challenge: Challenge, result: string) =>
  page.waitForURL(`${shopUrl}/done?tokenRequestId=${challenge.tokenRequestId}&result=${result}`);

/** For people to look at; only when asked, so that tests leave the tree alone. */
async function picture(name: string): Promise<void> {
  const folder = process.env.WAFFO_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `threeds-${name}.png`), fullPage: true });
}

describe('a shopper', () => {
  test('passes with the code and comes back to the shop; the address never shows a secret, the browser reports nothing', async () => {
    const challenge = await meet();
    const requests = captureRequests(page);
    expect(page.url()).toBe(challenge.address);
    const shown = await page.locator('main').innerText();
    for (const part of ['Waffo Sandbox Bank', '400000******1000', 'Sandbox shop']) expect(shown).toContain(part);
    expect(shown).not.toContain('0.00');
    await picture('light');
    await type('1234');
    await home(challenge, 'success');
    expect(await told(challenge)).toEqual(['VERIFIED']);
    expect(spoken).toEqual([]);
    const origins = new Set(requests.map((request) => new URL(request.split(' ')[1] ?? '').origin));
    expect([...origins].sort()).toEqual([gateway.url, shopUrl].sort());
    const homecoming = heard.filter((line) => line.startsWith('GET /done'));
    expect(homecoming).toHaveLength(1);
    expect(homecoming.join()).not.toContain('"referer"');
  });

  test('passes with the keyboard alone, from the first Tab', async () => {
    const challenge = await meet();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('challengeDataEntry');
    await page.keyboard.type('1234');
    await page.keyboard.press('Enter');
    await home(challenge, 'success');
    expect(await told(challenge)).toEqual(['VERIFIED']);
  });

  test('passes without JavaScript, and comes back over a redirect of the shop to another origin', async () => {
    await freshPage({ javaScriptEnabled: false });
    const challenge = await meet({ returnUrl: `${shopUrl}/hop` });
    await type('1234');
    await page.waitForURL(`http://localhost:${port()}/done`);
    expect(await told(challenge)).toEqual(['VERIFIED']);
  });

  test('fails, and cancels, without JavaScript, too', async () => {
    await freshPage({ javaScriptEnabled: false });
    const failed = await meet();
    for (const code of ['0000', '1111', '2222']) await type(code);
    await home(failed, 'failed');
    const cancelled = await meet();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await home(cancelled, 'failed');
    expect([await told(failed), await told(cancelled)]).toEqual([['FAILED'], ['FAILED']]);
  });

  test('fails three times: is told how many tries are left, by voice too, and comes back with the failure', async () => {
    const challenge = await meet();
    await type('0000');
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toBe('This code is not right. 2 tries left.');
    const input = page.getByLabel('One-time code');
    expect(await input.getAttribute('aria-invalid')).toBe('true');
    expect(await input.getAttribute('aria-describedby')).toContain('wrong');
    await page.reload();
    expect(await alert.textContent()).toBe('This code is not right. 2 tries left.');
    await picture('wrong');
    await type('1111');
    await type('2222');
    await home(challenge, 'failed');
    expect(await told(challenge)).toEqual(['FAILED']);
  });

  test('cancels with the field empty', async () => {
    const challenge = await meet();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await home(challenge, 'failed');
    expect(await told(challenge)).toEqual(['FAILED']);
  });

  test('goes away and comes back too late', async () => {
    const challenge = await meet({});
    await page.goto('about:blank');
    await gateway.travel(10 * 60_000);
    expect(await told(challenge)).toEqual(['FAILED']);
    await page.goto(challenge.address);
    expect(await page.getByRole('heading').textContent()).toBe('The time is over. Your card was not added.');
    await picture('expired');
  });

  test('goes back and forth in history without a second token', async () => {
    const challenge = await meet();
    await type('1234');
    await home(challenge, 'success');
    for (const url of [challenge.validateUrl, challenge.address]) {
      await page.goto('about:blank');
      await page.goto(url, { waitUntil: 'commit' });
      await home(challenge, 'success');
    }
    expect(await told(challenge)).toEqual(['VERIFIED']);
  });

  test('without a returnUrl is shown the result', async () => {
    await meet({});
    await type('1234');
    expect(await page.getByRole('heading').textContent()).toBe('Your card is confirmed.');
    expect(await findBarriers(page)).toEqual([]);
    await picture('result');
  });

  test('is not asked at all when the issuer knows the card', async () => {
    await expect(startChallenge(gateway, {}, { pan: '4000000000001091' })).rejects.toThrow('no challenge: {"code":"0"');
  });
});

describe('the page', () => {
  /** EMV 3-D Secure, "challenge window size". */
  const windows = [
    ['01', 250, 400],
    ['02', 390, 400],
    ['03', 500, 600],
    ['04', 600, 400],
    ['05', 1180, 900],
  ] as const;

  test.each([
    ['en', 'en-GB', 'Confirm that this is your card'],
    ['zh-Hans', 'zh-CN', '确认这是您的卡'],
    ['zh-Hant', 'zh-TW', '確認這是您的卡'],
    ['ja', 'ja-JP', 'ご本人のカードであることの確認'],
  ])('speaks %s and fits challenge windows 01 to 05, all its controls in reach', async (lang, locale, title) => {
    await freshPage({ locale });
    await meet();
    expect(await page.getByRole('heading').textContent()).toBe(title);
    expect(await page.locator('html').getAttribute('lang')).toBe(lang);
    await picture(lang);
    await type('0000');
    await page.getByRole('alert').waitFor();
    for (const [size, width, height] of windows) {
      await page.setViewportSize({ width, height });
      expect([size, await misfits()]).toEqual([size, []]);
      await picture(`window-${size}-${lang}`);
    }
  });

  /** What is wider than the window, or cannot be scrolled to and hit as a finger would. */
  const misfits = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const wide = scrollWidth > clientWidth ? [`page: ${scrollWidth} > ${clientWidth}`] : [];
      const controls = [...document.querySelectorAll('input, button')].filter((control) => {
        control.scrollIntoView({ block: 'center' });
        const { left, right, top, bottom, height } = control.getBoundingClientRect();
        const isInside = left >= 0 && right <= clientWidth && top >= 0 && bottom <= innerHeight;
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return !isInside || hit !== control || height < 24;
      });
      return [...wide, ...controls.map(({ outerHTML }) => outerHTML)];
    });
});

describe('the policy of the page', () => {
  /** What the policy blocks meanwhile, as the page hears it. */
  async function blocked(attack: () => Promise<unknown>): Promise<string[]> {
    expect(spoken).toEqual([]);
    await attack();
    await expect.poll(() => blockedIn(spoken).length, { timeout: 5_000 }).toBeGreaterThan(0);
    return blockedIn(spoken);
  }

  test('B-1: blocks inline script and style, however they got into the page', async () => {
    await meet();
    const reports = await blocked(() =>
      page.evaluate(() => {
        const button = document.createElement('button');
        button.setAttribute('style', 'color: red');
        document.body.append(button);
        try {
          button.setAttribute('onclick', 'globalThis.ran = true');
          button.click();
        } catch {}
        try {
          const script = document.createElement('script');
          script.append('globalThis.ran = true');
          document.body.append(script);
        } catch {}
      }),
    );
    expect(reports.some((directive) => directive.startsWith('style-src'))).toBe(true);
    expect(reports.some((directive) => /^(script-src|require-trusted-types)/.test(directive))).toBe(true);
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false);
  });

  test('B-2: blocks eval and new Function', async () => {
    // The debugger's own evaluation may bypass the policy, so the attack is a response of our own with the same policy.
    const policy = (await page.request.get(`${gateway.url}/3ds/tds_x`)).headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|script-src/);
    await page.route('**/attack', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: {
          'content-security-policy': policy.replace("default-src 'none'", "default-src 'none'; script-src 'self'"),
        },
        body: '<!doctype html><title>-</title><body><script src="/attack.js"></script>',
      }),
    );
    await page.route('**/attack.js', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: `document.title = [() => eval('1'), () => new Function('return 1')(), () => setTimeout('1')]
          .map((attack) => { try { attack(); return 'ran'; } catch { return 'blocked'; } }).join()`,
      }),
    );
    await page.goto(`${gateway.url}/attack`);
    await expect.poll(() => page.title()).toBe('blocked,blocked,blocked');
  });

  test('B-3: lets nothing leave: fetch, image, form, beacon, socket, prefetch, frame', async () => {
    await meet();
    heard = [];
    await page.fill('input[name=challengeDataEntry]', '1234');
    const reports = await blocked(() => tryToSend(page, shopUrl));
    for (const directive of ['connect-src', 'img-src', 'form-action', 'frame-src', 'style-src-elem']) {
      expect(reports).toContain(directive);
    }
    expect(heard).toEqual([]);
  });

  test('B-4: lets no other page frame it', async () => {
    const challenge = await startChallenge(gateway);
    await page.goto(`${shopUrl}/frame?to=${encodeURIComponent(challenge.validateUrl)}`);
    await expect.poll(() => spoken.join('\n')).toMatch(/frame/i);
    const frame = page.frames()[1];
    expect(
      await frame
        ?.locator('input')
        .count()
        .catch(() => 0),
    ).toBe(0);
  });

  test('B-7: shows what a merchant called itself as text', async () => {
    const name = `<img src=x onerror="document.title='ran'"> "&' Ltd`;
    await gateway.database.rows({ name: 'test/rename', text: 'update merchant set name = $1 where merchant_id = $2' }, [
      name,
      gateway.merchant.merchantId,
    ]);
    await meet();
    expect(await page.locator('dd').first().textContent()).toBe(name);
    expect(await page.locator('img').count()).toBe(0);
    expect(spoken).toEqual([]);
  });
});
