/** The seed's story as a shopper sees it: in a real Chromium, at the demo shop, against a whole gateway. */
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Shop, startShop } from '../../apps/demo/src/shop.ts';
import { captureConsole, captureRequests, findBarriers, launchChromium } from '../kit/browser.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { dump, findLeaks } from '../kit/leak-scan.ts';
import { listenIn, startWiretap, type Wiretap } from '../kit/wiretap.ts';

const visa = { pan: '4111111111111111', cvv: '739' };
const declined = { pan: '4576750000000220', cvv: '739' };

let gateway: TestGateway;
let wire: Wiretap;
let shop: Shop;
let shopHeard: () => Buffer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requests: string[];
let spoken: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  wire = await startWiretap(gateway.url);
  shop = await startShop({ sandbox: { ...gateway.merchant, baseUrl: `${wire.url}/api/v1` }, port: 0 });
  shopHeard = listenIn(shop.server);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await shop?.stop();
  await wire?.stop();
  await gateway?.stop();
});
beforeEach(async () => {
  context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1180, height: 900 } });
  page = await context.newPage();
  requests = captureRequests(page);
  spoken = await captureConsole(page);
  await page.goto(shop.url);
  await page.locator('#cards[aria-busy=false]').waitFor({ state: 'attached' });
});
afterEach(() => context.close());

/** Waits until the page shows it. */
const eventually = (read: () => unknown) => expect.poll(read, { timeout: 10_000 });

const notice = (): Locator => page.getByRole('status');
const savedCards = (): Locator => page.locator('#cards .card');
const webhooks = (): Locator => page.locator('#webhooks > li');

/** Types as a shopper does: key by key, through the keyboard alone. */
async function addCard({ pan, cvv }: { pan: string; cvv: string }): Promise<void> {
  await page.getByLabel('Card number').focus();
  await page.keyboard.type(pan);
  await page.keyboard.press('Tab');
  await page.keyboard.type('Ada Lovelace');
  await page.keyboard.press('Tab');
  await page.keyboard.type('1230');
  await page.keyboard.press('Tab');
  await page.keyboard.type(cvv);
  await page.keyboard.press('Enter');
}

async function addVisa(): Promise<void> {
  const before = await savedCards().count();
  await addCard(visa);
  await eventually(() => notice().textContent()).toContain('Saved: Visa 411111******1111');
  await eventually(() => savedCards().count()).toBe(before + 1);
}

async function countTokens(): Promise<number> {
  return (await gateway.database.rows({ name: 'test/tokens', text: 'select token_id from token' })).length;
}

/** Runs in the page. @returns what is wider than the box that it stands in */
function stickingOut(): (string | null)[] {
  const parts = [...document.querySelectorAll('main :is(label, li, p, .actions, button, input)')];
  const right = (element: Element | null) => element?.getBoundingClientRect().right ?? 0;
  return parts.filter((part) => right(part) > right(part.parentElement) + 1).map(({ textContent }) => textContent);
}

/** For the README and for people to look at; only when asked, so that tests leave the tree alone. */
async function picture(name: string): Promise<void> {
  const folder = process.env.WAFFO_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

describe('a shopper', () => {
  test('saves a card, sees it listed, and pays HKD 100.00 with it', async () => {
    await addVisa();
    await eventually(() => webhooks().first().textContent()).toContain('TOKENIZATION_NOTIFICATION');
    expect(await webhooks().first().textContent()).toMatch(/UNVERIFIED.*411111\*{6}1111.*signature verified/);
    expect(await savedCards().first().textContent()).toMatch(/Visa.*411111\*{6}1111.*12\/2030/);
    expect(await page.getByLabel('Card number').inputValue()).toBe('');

    await savedCards().getByRole('button', { name: 'Pay with this card' }).first().click();
    await eventually(() => notice().textContent()).toContain('Paid HKD 100.00 with 411111******1111');
    const told = webhooks().filter({ hasText: 'PAYMENT_NOTIFICATION' });
    await eventually(() => told.count()).toBe(1);
    expect(await told.textContent()).toMatch(/PAY_SUCCESS.*HKD 100\.00.*signature verified/);
    expect(spoken).toEqual([]);
    await page.mouse.move(0, 0);
    await picture('light');
  });

  test('is asked nothing by an issuer that knows the card; the browser reports nothing', async () => {
    await addCard({ ...visa, pan: '4000000000001091' });
    await eventually(() => notice().textContent()).toContain('Saved: Visa 400000******1091');
    expect(await webhooks().first().textContent()).toMatch(/\bVERIFIED.*400000\*{6}1091.*signature verified/);
    expect(requests.filter((request) => request.includes('/tokenization/submit')).length).toBeGreaterThan(0);
    expect(requests.filter((request) => request.includes('/3ds/'))).toEqual([]);
    expect(page.url()).toBe(`${shop.url}/`);
    expect(spoken).toEqual([]);
  });

  test('is told of a decline in one sentence, and no token is made', async () => {
    const before = await savedCards().count();
    const seen = await webhooks().count();
    const tokens = await countTokens();
    await addCard(declined);
    await eventually(() => notice().textContent()).toContain('The card was declined. Use another card.');
    await eventually(() => webhooks().count()).toBe(seen + 1);
    expect(await webhooks().first().textContent()).toMatch(/FAILED.*signature verified/);
    expect(await savedCards().count()).toBe(before);
    expect(await countTokens()).toBe(tokens);
    expect(await page.getByLabel('Security code').inputValue()).toBe('');
  });

  test('removes a card, after which its token pays no more', async () => {
    await addVisa();
    const before = await savedCards().count();
    const other = await context.newPage();
    await other.goto(shop.url);
    const stale = other.locator('#cards .card').last().getByRole('button', { name: 'Pay with this card' });
    await stale.waitFor();
    await other.route('**/api/cards', (route) => route.abort());

    await savedCards().last().getByRole('button', { name: 'Remove' }).click();
    await eventually(() => notice().textContent()).toContain('Removed: Visa ending in 1111');
    await eventually(() => savedCards().count()).toBe(before - 1);

    await stale.click();
    await eventually(() => other.getByRole('status').textContent()).toContain('A0037');
  });

  test('is not charged twice for clicking twice', async () => {
    await addVisa();
    const before = requests.filter((request) => request.includes('/payments')).length;
    await savedCards().getByRole('button', { name: 'Pay with this card' }).first().dblclick();
    await eventually(() => notice().textContent()).toContain('Paid HKD 100.00');
    expect(requests.filter((request) => request.includes('/payments'))).toHaveLength(before + 1);
  });

  test('hears of a form mistake where it is, after leaving the field and not before', async () => {
    const number = page.getByLabel('Card number');
    await number.pressSequentially('4111 11');
    expect(await number.getAttribute('aria-invalid')).not.toBe('true');
    await number.blur();
    expect(await number.getAttribute('aria-invalid')).toBe('true');
    const [errorId = ''] = (await number.getAttribute('aria-describedby'))?.split(' ') ?? [];
    expect(await page.locator(`#${errorId}`).textContent()).toBe('Enter the whole card number.');
    expect(await page.locator('#card-scheme').textContent()).toBe('Visa');
    await page.getByRole('button', { name: 'Save card' }).click();
    expect(await number.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(requests.some((request) => request.includes('/api/sessions'))).toBe(false);
    await page.setViewportSize({ width: 320, height: 700 });
    await number.fill('3782 822463 10005');
    const room = await number.evaluate((input) => {
      const { paddingLeft, paddingRight } = getComputedStyle(input);
      return input.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    });
    expect(room).toBeGreaterThan(200);
    expect(await page.evaluate(stickingOut)).toEqual([]);
    await picture('shop-narrow');
  });

  test("hears the gateway's refusal at the field it is about", async () => {
    await addCard({ ...visa, pan: '4111111111111112' });
    await eventually(() => page.locator('#card-number-error').textContent()).toBe('Check the card number.');
    expect(await page.getByLabel('Card number').getAttribute('aria-invalid')).toBe('true');
  });

  test('passes his bank when he saves a card, and again when he pays with it', async () => {
    const pass = async () => {
      await page.locator('input[name=challengeDataEntry]').fill('1234');
      await page.locator('button[value=submit]').click();
    };
    await addCard({ ...visa, pan: '4000000000001000' });
    await pass();
    await eventually(() => notice().textContent()).toContain('Your bank confirmed the card.');
    await page.goto(`${shop.url}/?result=pending`);
    await eventually(() => notice().textContent()).toContain('Your bank is still checking the card.');
    const saved = savedCards().filter({ hasText: '400000******1000' });
    await saved.getByRole('button', { name: 'Pay with this card' }).click();
    await pass();
    await page.waitForURL(`${shop.url}/`);
    await eventually(() => notice().textContent()).toMatch(/Paid HKD .* Thank you!/);
    const told = webhooks().filter({ hasText: 'PAYMENT_NOTIFICATION' }).filter({ hasText: '400000******1000' });
    await eventually(() => told.count()).toBe(1);
    expect(await told.textContent()).toMatch(/PAY_SUCCESS.*signature verified/);
    expect(spoken).toEqual([]);
  });

  test("pays at the gateway's checkout, and comes home; the shop hears of it by webhook", async () => {
    await page.getByText('Morning cup').click();
    await page.getByRole('button', { name: "Pay at the gateway's checkout" }).click();
    await page.getByRole('button', { name: 'Payment succeeded' }).click();
    await page.getByRole('link', { name: 'Confirm' }).click();
    await page.waitForURL(`${shop.url}/`);
    await eventually(() => notice().textContent()).toContain('Paid HKD 48.00 for the morning cup.');
    const told = webhooks().filter({ hasText: 'PAYMENT_NOTIFICATION' }).filter({ hasText: 'HKD 48.00' });
    await eventually(() => told.count()).toBe(1);
    expect(await told.textContent()).toMatch(/PAY_SUCCESS.*signature verified/);
    const order = page.locator('#orders li').filter({ hasText: 'HKD 48.00' });
    await eventually(() => order.textContent()).toContain('Paid');
  });

  test('finds what he ordered in his history, gives a piece back, and is refunded once', async () => {
    const order = page.locator('#orders li').filter({ hasText: 'HKD 48.00' });
    const refund = order.getByRole('button', { name: 'Refund Morning cup, HKD 48.00' });
    await refund.focus();
    await page.keyboard.press('Enter');
    await eventually(() => notice().textContent()).toContain('Refunded HKD 48.00 for the morning cup.');
    await eventually(() => order.textContent()).toContain('Refunded');
    expect(await refund.count()).toBe(0);
    const told = webhooks().filter({ hasText: 'REFUND_NOTIFICATION' });
    await eventually(() => told.count()).toBe(1);
    await picture('shop-history');
  });
});

describe('the card', () => {
  test('is in no byte that leaves the browser, that reaches the shop, or that is kept', async () => {
    await addVisa();
    await addCard(declined);
    await eventually(() => notice().textContent()).toContain('declined');
    const kept = await page.evaluate(() =>
      JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]),
    );
    const sinks = {
      'requests of the page': requests.join('\n'),
      'console of the page': spoken.join('\n'),
      'storage of the page': kept,
      'sockets of the shop': shopHeard(),
      'wire to the gateway': wire.bytes(),
      'log of the gateway': gateway.logLines.join('\n'),
      'database and outbox': await dump((statement) => gateway.database.rows(statement)),
    };
    expect(requests.filter((request) => request.includes('/tokenization/submit')).length).toBeGreaterThan(1);
    for (const [sink, content] of Object.entries(sinks)) {
      for (const card of [visa, declined]) expect([sink, findLeaks(content, card)]).toEqual([sink, []]);
      expect([sink, /"cvv"|[?&]cvv=/.test(content.toString())]).toEqual([sink, false]);
    }
    expect(shopHeard().includes('/webhook')).toBe(true);
  });

  test('would be found there by this test if it were', async () => {
    await page.evaluate((pan) => fetch(`/api/shop?leak=${pan}`), visa.pan);
    await eventually(() => findLeaks(requests.at(-1) ?? '', visa)).toEqual(['PAN, plain']);
    await eventually(() => findLeaks(shopHeard(), visa)).toEqual(['PAN, plain']);
  });

  test('cannot be sent to the shop by the form itself, even without scripts', async () => {
    const withoutScripts = await browser.newPage({ javaScriptEnabled: false });
    await withoutScripts.goto(shop.url);
    await withoutScripts.getByLabel('Card number').fill(visa.pan);
    expect(await withoutScripts.getByRole('button', { name: 'Save card' }).isDisabled()).toBe(true);
    expect(await withoutScripts.locator('#card-form [name]').count()).toBe(0);
    await withoutScripts.close();
  });
});

describe('the page', () => {
  test.each([
    ['dark', { width: 1180, height: 900 }, 'dark'],
    ['narrow', { width: 360, height: 740 }, 'light'],
  ] as const)('has no barriers that axe knows, %s', async (name, viewport, colorScheme) => {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await addCard(declined);
    await eventually(() => notice().textContent()).toContain('declined');
    await page.getByLabel('Card number').fill('41');
    await page.getByLabel('Card number').blur();
    await page.locator('#webhooks summary').first().click();
    expect(await findBarriers(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await picture(name);
  });

  test('asks nobody but the shop and the gateway for anything', async () => {
    await addVisa();
    const origins = new Set(requests.map((request) => new URL(request.split(' ')[1] ?? '').origin));
    expect([...origins].sort()).toEqual([shop.url, wire.url].sort());
  });

  test('takes script and style from files only, and lets no other page frame it', async () => {
    const response = await page.request.get(shop.url);
    const policy = response.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    const ran = page.evaluate(() => {
      const place = document.createElement('div');
      place.innerHTML = '<img src="x" onerror="globalThis.inlineRan = true">';
    });
    await expect(ran).rejects.toThrow('TrustedHTML');
  });
});
