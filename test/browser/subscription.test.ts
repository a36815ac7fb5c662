/** A subscription as its shopper meets it, from the checkout to its end, in a real Chromium. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { blockedIn, captureConsole, captureRequests, findBarriers, launchChromium } from '../kit/browser.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
let browser: Browser;
let page: Page;
let spoken: string[];
let sent: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
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
