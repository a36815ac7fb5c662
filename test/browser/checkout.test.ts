/** The hosted checkout as a shopper meets it: in a real Chromium, light and dark, narrow and wide. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { blockedIn, captureConsole, captureRequests, findBarriers, launchChromium, tryToSend } from '../kit/browser.ts';
import { type Checkout, openCheckout } from '../kit/checkout.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let spoken: string[];
let sent: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});
afterEach(() => context.close());

async function meet(fields: object = {}, options: Parameters<Browser['newContext']>[0] = {}): Promise<Checkout> {
  context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1000, height: 900 }, ...options });
  page = await context.newPage();
  spoken = await captureConsole(page);
  sent = captureRequests(page);
  const checkout = await openCheckout(gateway, fields);
  await page.goto(checkout.url);
  return checkout;
}

const field = (member: string) => page.locator(`[id="payMethodProperties.card.${member}"]`);

async function fill(pan = '4111 1111 1111 1111', at: Page | FrameLocator = page): Promise<void> {
  const card = { pan, expiry: '09/28', cvv: '739', name: 'Ada Lovelace' };
  for (const [member, text] of Object.entries(card)) {
    await at.locator(`[id="payMethodProperties.card.${member}"]`).fill(text);
  }
}

const statusOf = async ({ acquiringOrderId }: Checkout) =>
  (await gateway.call('/order/inquiry', { acquiringOrderId })).data.orderStatus;
const ended = (status: string) => page.waitForURL((url) => url.searchParams.get('status') === status);

/** For people to look at; only when asked, so that tests leave the tree alone. */
async function picture(name: string): Promise<void> {
  const folder = process.env.WAFFO_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `checkout-${name}.png`), fullPage: true });
}

describe('a shopper', () => {
  test('pays with a wallet that the sandbox plays, by keyboard, in the dark, on a phone', async () => {
    const wallet = { productName: 'ONE_TIME_PAYMENT', payMethodType: 'EWALLET' };
    const options = { colorScheme: 'dark', viewport: { width: 360, height: 700 } } as const;
    const checkout = await meet({ paymentInfo: wallet }, options);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel('Payment method').focus();
    await page.keyboard.type('GC');
    await picture('wallet');
    await page.getByRole('button', { name: 'Payment succeeded' }).press('Enter');
    await ended('success');
    const { data } = await gateway.call('/order/inquiry', { acquiringOrderId: checkout.acquiringOrderId });
    expect(data.paymentInfo.payMethodName).toBe('GCASH');
    expect(spoken).toEqual([]);
  });

  test('pays with a card that leaves the browser encrypted only; the browser reports nothing', async () => {
    const checkout = await meet({ successRedirectUrl: 'https://shop.example/thanks' });
    await fill();
    await picture('light-wide');
    await page.locator('button[type=submit]').click();
    await ended('success');
    expect(await page.getByRole('heading').innerText()).toBe('Payment Successful');
    expect(await page.getByRole('link', { name: 'Confirm' }).getAttribute('href')).toBe('https://shop.example/thanks');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
    expect(await findBarriers(page)).toEqual([]);
    await picture('paid');
    expect(sent.filter((request) => request.startsWith('POST'))).toHaveLength(1);
    for (const plain of ['4111111111111111', '4111+1111', '4111 1111', '739&', 'Lovelace']) {
      expect(sent.join('\n')).not.toContain(plain);
      expect(gateway.logLines.join('\n')).not.toContain(plain);
    }
    expect(spoken).toEqual([]);
    await page.goBack();
    await ended('success');
  });

  test('pays with the keyboard alone', async () => {
    const checkout = await meet();
    for (const text of ['4111111111111111', '0928', '739', 'Ada Lovelace']) {
      await page.keyboard.type(text);
      if (text !== 'Ada Lovelace') await page.keyboard.press('Tab');
    }
    expect([await field('pan').inputValue(), await field('expiry').inputValue()]).toEqual([
      '4111 1111 1111 1111',
      '09/28',
    ]);
    await page.keyboard.press('Enter');
    await ended('success');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
  });

  test('whose card is declined sees it', async () => {
    const checkout = await meet();
    await fill('4576750000000220');
    await page.locator('button[type=submit]').click();
    await ended('failed');
    expect(await page.getByRole('heading').innerText()).toBe('Payment Failed');
    expect(await statusOf(checkout)).toBe('ORDER_CLOSE');
    await picture('declined');
  });

  test('is told what is wrong once he has left a field, and nothing is sent', async () => {
    await meet();
    await field('pan').fill('4111');
    await field('expiry').fill('09/20');
    await field('cvv').focus();
    expect(await page.locator('#brand').innerText()).toBe('VISA');
    expect(await field('pan').getAttribute('aria-invalid')).toBe('true');
    await page.locator('button[type=submit]').click();
    expect(await page.getByText('Check the expiry date').isVisible()).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    await picture('wrong');
    expect(sent.filter((request) => request.startsWith('POST'))).toEqual([]);
  });

  test('mistypes a digit, and goes on typing where that is', async () => {
    await meet({}, { viewport: { width: 360, height: 700 } });
    await fill('4111 1111 1111 1112');
    await page.locator('button[type=submit]').click();
    await page.getByRole('alert').waitFor();
    const pan = field('pan');
    expect(await pan.getAttribute('aria-invalid')).toBe('true');
    expect(await pan.evaluate((input) => input === document.activeElement)).toBe(true);
    const message = await pan.getAttribute('aria-describedby');
    expect(await page.locator(`[id="${message}"]`).innerText()).toBe('Check the card number.');
    expect(await findBarriers(page)).toEqual([]);
    await picture('mistyped');
  });

  test('is sent to his bank, passes there, and comes back to the result; the browser reports nothing', async () => {
    const checkout = await meet({ successRedirectUrl: 'https://shop.example/thanks' });
    await fill('4000 0000 0000 1000');
    await page.locator('button[type=submit]').click();
    await page.locator('input[name=challengeDataEntry]').fill('1234');
    expect(page.url()).toContain('/3ds/');
    expect(await page.locator('main').innerText()).toMatch(/HKD\s100\.00/);
    await picture('challenge');
    await page.locator('button[value=submit]').click();
    await ended('success');
    expect(await page.getByRole('link', { name: 'Confirm' }).getAttribute('href')).toBe('https://shop.example/thanks');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
    expect(spoken).toEqual([]);
  });

  test.each([
    ['with scripts', true],
    ['without scripts, with a card he saved', false],
  ])('whose charge takes long sees that, and then the result by itself: %s', async (_, javaScriptEnabled) => {
    const acquirer = gateway.app.gateway.connectors.of('');
    const { purchase } = acquirer;
    const lost = async (call: Parameters<typeof purchase>[0]) => {
      await purchase(call);
      return { kind: 'unknown' };
    };
    if (!javaScriptEnabled) await gateway.bind({}, 'patient');
    const userInfo = { userId: 'patient', userEmail: 'patient@example.com', userTerminal: 'WEB' };
    const checkout = await meet({ userInfo }, { javaScriptEnabled });
    Object.assign(acquirer, { purchase: lost });
    try {
      if (javaScriptEnabled) await fill();
      // Only the page that says so asks there.
      const waits = page.waitForRequest('**/wait');
      await page.locator(javaScriptEnabled ? 'button[type=submit]' : 'button[value=saved]').click();
      await waits;
    } finally {
      Object.assign(acquirer, { purchase });
    }
    await gateway.travel(60_000);
    await ended('success');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
    expect(spoken).toEqual([]);
  });

  test('sees the mark of his card as he types, and none before and after', async () => {
    await meet();
    const mark = () => page.locator('#brand').getAttribute('data-scheme');
    const pan = field('pan');
    expect(await mark()).toBe(null);
    for (const [begins, scheme] of [
      ['4', 'VISA'],
      ['55', 'MASTERCARD'],
      ['37', 'AMEX'],
      ['3528', 'JCB'],
      ['6200', 'UNIONPAY'],
      ['6011', 'DISCOVER'],
    ] as const) {
      await pan.fill('');
      expect(await mark()).toBe(null);
      await pan.pressSequentially(begins);
      expect([begins, await mark()]).toEqual([begins, scheme]);
      await picture(`mark-${scheme}`);
    }
    expect(spoken).toEqual([]);
  });

  test('cancels', async () => {
    const checkout = await meet();
    await page.getByRole('button', { name: 'Cancel and go back' }).click();
    await ended('failed');
    expect(await page.getByRole('heading').innerText()).toBe('Payment Cancelled');
    expect(await page.getByText('Nothing was charged.').isVisible()).toBe(true);
    await picture('cancelled');
    expect(await statusOf(checkout)).toBe('ORDER_CLOSE');
  });

  test('comes too late', async () => {
    const orderExpiredAt = new Date(gateway.clock.now().getTime() + 60_000).toISOString();
    await meet({ orderExpiredAt });
    await gateway.travel(60_000);
    await page.reload();
    await ended('failed');
    expect(await page.getByText('The time to pay is over.').isVisible()).toBe(true);
  });

  test('saves a card, and pays the next order with it; without scripts, too', async () => {
    const userInfo = { userId: 'keeper', userEmail: 'keeper@example.com', userTerminal: 'WEB' };
    await meet({ userInfo });
    await fill();
    await page.getByLabel('Save this card').check();
    await page.locator('button[type=submit]').click();
    await ended('success');
    await context.close();
    const checkout = await meet({ userInfo }, { javaScriptEnabled: false, colorScheme: 'dark' });
    await picture('saved-dark');
    await page.getByRole('button', { name: 'Pay with this card' }).click();
    await ended('success');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
  });
});

describe('a frame', () => {
  let shop: Server;
  let framed = '';
  beforeAll(async () => {
    shop = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end(`<title>Shop</title><iframe src="${framed}"></iframe>`),
    );
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    shop?.close();
    shop?.closeAllConnections();
  });

  test('of a registered origin shows the page and pays, the bank asks outside of it; of any other it stays empty', async () => {
    const { port } = shop.address() as AddressInfo;
    await gateway.database.rows(
      { name: 'test/origin', text: 'update merchant_client_key set origins = $2 where merchant_id = $1' },
      [gateway.merchant.merchantId, [`http://127.0.0.1:${port}`]],
    );
    const checkout = await meet();
    framed = checkout.url;
    await page.goto(`http://localhost:${port}/`);
    expect(spoken.join('\n')).toContain('frame-ancestors');
    expect(await page.frameLocator('iframe').getByRole('button').count()).toBe(0);
    await page.goto(`http://127.0.0.1:${port}/`);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('button', { name: 'Payment succeeded' }).click();
    await frame.getByRole('heading', { name: 'Payment Successful' }).waitFor();
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');

    const asked = await openCheckout(gateway);
    framed = asked.url;
    await page.goto(`http://127.0.0.1:${port}/`);
    await fill('4000 0000 0000 1000', frame);
    await frame.locator('button[type=submit]').click();
    const stepOut = frame.getByRole('link', { name: 'Continue to your bank' });
    await stepOut.waitFor();
    for (const inner of page.frames().slice(1)) expect(await findBarriers(inner)).toEqual([]);
    await stepOut.click();
    await page.locator('input[name=challengeDataEntry]').fill('1234');
    await page.locator('button[value=submit]').click();
    await ended('success');
    expect(await statusOf(asked)).toBe('PAY_SUCCESS');
  });
});

describe('the policy of the page', () => {
  test('B-1, B-2: a script in the place of ours gets no text to run: inline, in an attribute, by eval', async () => {
    context = await browser.newContext();
    page = await context.newPage();
    spoken = await captureConsole(page);
    const body = `
      const run = () => { document.title += ' ran'; };
      globalThis.run = run;
      const added = (name, change) => { const element = document.createElement(name); document.body.append(element); change(element); };
      for (const attack of [
        () => added('button', (button) => { button.setAttribute('onclick', 'run()'); button.click(); }),
        () => added('script', (script) => script.append('run()')),
        () => added('div', (place) => { place.innerHTML = '<img src="data:," onerror="run()">'; }),
        () => added('p', (place) => place.setAttribute('style', 'color: red')),
        () => eval('run()'),
        () => new Function('run()')(),
        () => setTimeout('run()'),
      ]) try { attack(); } catch {}
      setTimeout(() => { document.title += ' done'; }, 100);`;
    await page.route('**/page/checkout.js', (route) => route.fulfill({ contentType: 'text/javascript', body }));
    await page.goto((await openCheckout(gateway)).url);
    await expect.poll(() => page.title()).toContain('done');
    expect(await page.title()).not.toContain('ran');
    expect(new Set(blockedIn(spoken))).toEqual(new Set(['require-trusted-types-for', 'style-src-attr']));
  });

  test('B-3: lets nothing leave: fetch, image, form, beacon, socket, prefetch, frame', async () => {
    const heard: string[] = [];
    const thief = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    try {
      await meet();
      await tryToSend(page, `http://127.0.0.1:${(thief.address() as AddressInfo).port}`);
      for (const directive of ['connect-src', 'img-src', 'form-action', 'frame-src', 'style-src-elem']) {
        await expect.poll(() => blockedIn(spoken)).toContain(directive);
      }
      expect(heard).toEqual([]);
    } finally {
      thief.close();
      thief.closeAllConnections();
    }
  });
});

test.each([
  ['light', 320, {}],
  ['dark', 1000, {}],
  ['light', 360, { colorPrimary: '#ffcc00', colorText: '#fafafa' }],
] as const)('the page has no barriers and fits: %s, %i pixels, %o', async (colorScheme, width, variables) => {
  const cashierAppearance = JSON.stringify({ variables });
  await meet(
    { orderAmount: '999999999999999.99', paymentInfo: { productName: 'ONE_TIME_PAYMENT', cashierAppearance } },
    { colorScheme, viewport: { width, height: 900 } },
  );
  await field('expiry').fill('09/20');
  await field('cvv').focus();
  expect(await findBarriers(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  expect((await page.locator('.amount').boundingBox())?.height).toBeLessThan(35);
  await picture(`${colorScheme}-${width}`);
  expect(spoken).toEqual([]);
});
