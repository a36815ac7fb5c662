/** A subscription as its shopper meets it, from the checkout to its end, in a real Chromium. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startShop } from '../../apps/demo/src/shop.ts';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { blockedIn, captureConsole, captureRequests, findBarriers, launchChromium } from '../kit/browser.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
let browser: Browser;
let page: Page;
let spoken: string[];
let sent: string[];

beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_OPERATOR_PORT: '0' });
  browser = await launchChromium();
  page = await (await browser.newContext()).newPage();
  spoken = await captureConsole(page);
  sent = captureRequests(page);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

/** What stands there has no barrier that axe knows and is not too wide, light and narrow, dark and wide. */
async function look(name: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 320],
    ['dark', 900],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 700 });
    expect([name, colorScheme, await findBarriers(page)]).toEqual([name, colorScheme, []]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const folder = process.env.WAFFO_PICTURES;
    if (folder)
      await page.screenshot({ path: join(folder, `subscription-${name}-${colorScheme}.png`), fullPage: true });
  }
}

async function giveCard(pan: string): Promise<void> {
  for (const [member, text] of Object.entries({ pan, expiry: '09/28', cvv: '739', name: 'Ada Lovelace' })) {
    await page.locator(`[id="payMethodProperties.card.${member}"]`).fill(text);
  }
  await page.locator('button[type=submit]').click();
}

async function confirmAtBank(): Promise<void> {
  await page.locator('input[name=challengeDataEntry]').fill('1234');
  await page.locator('button[value=submit]').click();
}

/** Refunds the payments of a subscription, the oldest first. */
async function giveBack(subscriptionId: string, amounts: readonly string[]): Promise<void> {
  const { data } = await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 });
  const paid = data.paymentDetails.filter(({ orderStatus }: { orderStatus: string }) => orderStatus === 'PAY_SUCCESS');
  for (const [at, refundAmount] of amounts.entries()) {
    const { acquiringOrderId } = paid[at];
    const body = { refundRequestId: freshId('r'), acquiringOrderId, refundAmount, refundReason: 'Stale tea' };
    expect((await gateway.call('/order/refund', body)).data.refundStatus).toMatch(/REFUNDED/);
  }
}

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const toldOf = (id: string) =>
  gateway.receiver.received
    .map(({ event }) => event)
    .filter(({ result }) => id === (result.subscriptionInfo ?? result).subscriptionId)
    .map(
      ({ eventType, result }) =>
        `${eventType.replace('_NOTIFICATION', '')} ${result.orderStatus ?? result.subscriptionStatus}`,
    );

test('subscribed at the checkout with 3-D Secure, renewed after a month, failed once, another card, cancelled', async () => {
  const userInfo = { userId: 'subscriber', userEmail: 'ada@example.com', userTerminal: 'WEB' };
  const { data } = await gateway.call('/subscription/create', subscriptionOf(gateway, { userInfo }));
  const id: string = data.subscriptionId;
  await page.goto(JSON.parse(data.subscriptionAction).webUrl);
  await look('join');
  expect(await page.locator('header').innerText()).toMatch(/HKD.100\.00 every month/);
  expect(await page.locator('main').innerText()).toMatch(/First payment.*20\d\d, HKD.100\.00.*until you cancel/s);
  await giveCard('4000 0000 0000 1000');
  await confirmAtBank();
  await page.waitForURL((url) => url.searchParams.get('status') === 'success');
  expect(await page.getByRole('heading').innerText()).toBe('Subscription successful');
  await look('joined');

  await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by: '31d' }, gateway.app.gateway);
  await gateway.settle();
  expect(toldOf(id)).toEqual([
    'PAYMENT PAY_SUCCESS',
    'SUBSCRIPTION_STATUS ACTIVE',
    'PAYMENT PAY_SUCCESS',
    'SUBSCRIPTION_PERIOD_CHANGED ACTIVE',
  ]);

  const { managementUrl } = (await gateway.call('/subscription/manage', { subscriptionId: id })).data;
  await page.goto(managementUrl);
  expect(await page.locator('tbody tr').count()).toBe(2);
  await press('Simulate next payment failed');
  await page.locator('tbody tr').nth(2).waitFor();
  expect(await page.locator('tbody tr').first().innerText()).toContain('Not paid');
  await look('managed');
  await giveBack(id, ['100.00', '40.00']);
  await page.reload();
  const results = await page.locator('tbody td:last-child').allInnerTexts();
  expect(results.map((text) => text.replace('\u00a0', ' '))).toEqual([
    'Not paid',
    'Paid, HKD 40.00 refunded',
    'Refunded',
  ]);
  await look('refunded');
  await page
    .locator('tbody td')
    .first()
    .evaluate((cell) => cell.append(' and a date of many more letters than fit'));
  await look('managed-long');

  await press('Change card');
  await look('card');
  await giveCard('4576750000000110');
  await confirmAtBank();
  await page.waitForURL((url) => url.pathname.startsWith('/subscription/'));
  await page.getByText('•••• 0110').waitFor();
  await press('Simulate next payment succeeded');
  await page.locator('tbody tr').nth(3).waitFor();

  await press('Cancel Subscription');
  await page.getByRole('heading', { name: 'Do you want to end this subscription?' }).waitFor();
  await look('cancelling');
  await press('Cancel Subscription');
  await page.getByText('Cancelled', { exact: true }).waitFor();
  await look('cancelled');
  await gateway.settle();
  expect(toldOf(id).slice(4)).toEqual([
    'PAYMENT ORDER_CLOSE',
    'SUBSCRIPTION_PERIOD_CHANGED ACTIVE',
    'PAYMENT PAY_SUCCESS',
    'SUBSCRIPTION_PERIOD_CHANGED ACTIVE',
    'SUBSCRIPTION_STATUS USER_CANCELLED',
  ]);
  expect(blockedIn(spoken)).toEqual([]);
  for (const plain of ['4000000000001000', '4576750000000110', '739&', 'Lovelace']) {
    expect(sent.join('\n')).not.toContain(plain);
    expect(gateway.logLines.join('\n')).not.toContain(plain);
  }
}, 60_000);

test('a free trial begins when its shopper has given a card', async () => {
  const productInfo = {
    description: 'Tea of the month',
    periodType: 'MONTHLY',
    periodInterval: '1',
    numberOfTrialPeriod: '1',
    trialPeriodAmount: '0',
    numberOfPeriod: '12',
    scheduledAmounts: [{ period: '2', amount: '50.00' }],
  };
  const offer = subscriptionOf(gateway, { productInfo, cancelRedirectUrl: 'https://shop.example/offers' });
  const { data } = await gateway.call('/subscription/create', offer);
  await page.goto(JSON.parse(data.subscriptionAction).webUrl);
  const told = /1 month · free.*First payment.*20\d\d, HKD.50\.00.*from .* HKD.100\.00 every month.*12/s;
  expect(await page.locator('main').innerText()).toMatch(told);
  expect(await page.getByRole('link', { name: 'Back to ' }).getAttribute('href')).toBe('https://shop.example/offers');
  await look('trial');
  await press('Enter card');
  expect(await page.locator('main').innerText()).toMatch(told);
  await look('trial-card');
  await giveCard('4000 0000 0000 1000');
  await confirmAtBank();
  await page.getByText('Active', { exact: true }).waitFor();
  await look('trial-begun');
}, 60_000);

test('a member of the demo shop joins, lets a month pass, goes on to the bigger plan, and leaves', async () => {
  const key = (await readFile(join(gateway.app.gateway.config.home, 'operator.key'), 'utf8')).trim();
  const operator = { url: gateway.app.operatorUrl ?? '', key };
  const shop = await startShop({ sandbox: gateway.merchant, port: 0, operator });
  try {
    await page.goto(shop.url);
    const club = page.locator('#membership');
    await club.getByRole('button', { name: 'Join Cup of the month' }).click();
    await giveCard('4111111111111111');
    await page.getByRole('link', { name: 'Confirm' }).click();
    const state = page.locator('#membership-state');
    await expect.poll(() => state.innerText(), { timeout: 10_000 }).toContain('1 month paid');
    await look('club');
    await press('Travel 31 days');
    await expect.poll(() => state.innerText(), { timeout: 10_000 }).toContain('2 months paid');
    await press('Upgrade to Pot of the month');
    await expect.poll(() => state.innerText(), { timeout: 10_000 }).toContain('HKD 160.00 a month');
    expect(await state.innerText()).toContain('1 month paid');
    await club.getByRole('button', { name: 'Manage' }).click();
    await press('Cancel Subscription');
    await press('Cancel Subscription');
    await page.getByText('Cancelled', { exact: true }).waitFor();
    await page.goto(shop.url);
    await expect.poll(() => state.innerText(), { timeout: 10_000 }).toContain('Cancelled');
    await club.getByRole('button', { name: 'Join Pot of the month' }).waitFor();
  } finally {
    await shop.stop();
  }
}, 60_000);
