/** Every state of every hosted page, light and dark: no barrier that axe knows, nothing that the policy blocks, nothing too wide. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { blockedIn, captureConsole, findBarriers, launchChromium } from '../kit/browser.ts';
import { openCheckout } from '../kit/checkout.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper, startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
/** A shop that sends nobody on, so that the page before it stays. */
let shop: Server;
let browser: Browser;
let page: Page;
let spoken: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  shop = createServer((_, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  browser = await launchChromium();
  page = await (await browser.newContext()).newPage();
  spoken = await captureConsole(page);
});
afterAll(async () => {
  await browser?.close();
  shop?.close();
  shop?.closeAllConnections();
  await gateway?.stop();
});
beforeEach(() => {
  spoken.length = 0;
});

/** The page may still be on its way. */
const seen = (text: string) => page.locator('main').getByText(text).first().waitFor();

/** Looks at the page as it stands. */
async function expectNoBarriers(name: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 250],
    ['dark', 600],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 400 });
    expect([colorScheme, await findBarriers(page)]).toEqual([colorScheme, []]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const folder = process.env.WAFFO_PICTURES;
    if (folder) await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true });
  }
  expect(blockedIn(spoken)).toEqual([]);
}

describe('a 3-D Secure page has no barriers', () => {
  async function ask(extra: object = {}): Promise<void> {
    await page.goto((await startChallenge(gateway, extra)).validateUrl);
  }
  async function answer(...codes: string[]): Promise<void> {
    for (const code of codes) {
      await page.fill('input[name=challengeDataEntry]', code);
      await page.click('button[value=submit]');
    }
  }

  test.each<[name: string, shown: string, arrive: () => Promise<unknown>]>([
    ['the question', 'Enter it here to confirm.', () => ask()],
    ['a wrong code', 'This code is not right. 2 tries left.', () => ask().then(() => answer('0000'))],
    ['the last try', 'This code is not right. One try left.', () => ask().then(() => answer('0000', '1111'))],
    ['passed', 'Your card is confirmed.', () => ask().then(() => answer('1234'))],
    ['failed', 'Your card could not be confirmed.', () => ask().then(() => answer('0000', '1111', '2222'))],
    ['cancelled', 'You cancelled.', () => ask().then(() => page.click('button[value=cancel]'))],
    [
      'expired',
      'The time is over.',
      async () => {
        await ask();
        await gateway.travel(10 * 60_000);
        await page.reload();
      },
    ],
    [
      'on the way home',
      'Your card is confirmed.',
      async () => {
        await ask({ returnUrl: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/` });
        await answer('1234');
        await seen('Continue to the shop');
      },
    ],
    [
      'pending',
      'Your bank is still checking.',
      async () => {
        const acquirer = gateway.app.gateway.connectors.of('');
        const { verify } = acquirer;
        Object.assign(acquirer, { verify: async () => ({ kind: 'unknown' }) });
        await ask();
        await answer('1234').finally(() => Object.assign(acquirer, { verify }));
      },
    ],
    [
      'a link that was used',
      'This link cannot be used',
      async () => {
        const { validateUrl } = await startChallenge(gateway);
        await newShopper().visit(validateUrl);
        await page.goto(validateUrl);
      },
    ],
    ['a broken link', 'This link cannot be used', () => page.goto(`${gateway.url}/3ds/tds_x/%00`)],
    [
      'a fault of ours',
      'Something went wrong on our side.',
      async () => {
        const provider = gateway.app.gateway.connectors.threeDsOf('');
        const { challenge } = provider;
        Object.assign(provider, { challenge: () => Promise.reject(new Error('out of order')) });
        await ask().finally(() => Object.assign(provider, { challenge }));
      },
    ],
  ])('%s', async (name, shown, arrive) => {
    await arrive();
    await seen(shown);
    await expectNoBarriers(`threeds-${name.replaceAll(' ', '-')}`);
  });
});

describe('a checkout page has no barriers', () => {
  async function choose(fields: object = {}): Promise<void> {
    await page.goto((await openCheckout(gateway, fields)).url);
  }
  async function pay(pan: string): Promise<void> {
    const card = { pan, expiry: '09/28', cvv: '739', name: 'Ada Lovelace' };
    for (const [member, value] of Object.entries(card)) {
      await page.locator(`[id="payMethodProperties.card.${member}"]`).fill(value);
    }
    await page.locator('button[type=submit]').click();
  }

  test.each<[name: string, shown: string, arrive: () => Promise<unknown>]>([
    [
      'the choice with a card that was saved',
      'Pay with this card',
      async () => {
        await gateway.bind({}, 'keeper');
        await choose({ userInfo: { userId: 'keeper', userEmail: 'keeper@example.com', userTerminal: 'WEB' } });
      },
    ],
    [
      'mistakes',
      'Check the card number.',
      async () => {
        await choose();
        await page.locator('[id="payMethodProperties.card.pan"]').fill('5555');
        await page.locator('button[type=submit]').click();
      },
    ],
    ['refused', 'This card cannot be used.', () => choose().then(() => pay('4111111111111112'))],
    [
      "refused in a merchant's colours, dark whatever the browser wishes",
      'This card cannot be used.',
      async () => {
        const cashierAppearance = JSON.stringify({
          variables: { colorBackground: '#101820', colorPrimary: '#ffd166' },
        });
        await choose({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', cashierAppearance } });
        await pay('4111111111111112');
      },
    ],
    [
      'processing',
      'Processing…',
      async () => {
        await page.route('**/wait', (route) => route.abort('aborted'));
        const acquirer = gateway.app.gateway.connectors.of('');
        const { purchase } = acquirer;
        Object.assign(acquirer, { purchase: async () => ({ kind: 'unknown' }) });
        await choose();
        await pay('4111111111111111');
        await page.getByRole('status').waitFor();
        Object.assign(acquirer, { purchase });
      },
    ],
    ['paid', 'Payment Successful', () => choose().then(() => pay('5555555555554444'))],
    ['failed', 'Payment Failed', () => choose().then(() => pay('4576750000000220'))],
    ['cancelled', 'Payment Cancelled', () => choose().then(() => page.click('button[value=cancel]'))],
    [
      'expired',
      'The time to pay is over.',
      async () => {
        await choose({ orderExpiredAt: new Date(gateway.clock.now().getTime() + 60_000).toISOString() });
        await gateway.travel(60_000);
        await page.reload();
      },
    ],
    ['a broken link', 'This link cannot be used', () => page.goto(`${gateway.url}/checkout/x/y`)],
  ])('%s', async (name, shown, arrive) => {
    await arrive();
    await seen(shown);
    await expectNoBarriers(`checkout-${name.replaceAll(' ', '-')}`);
  });
});
