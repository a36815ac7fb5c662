import { expect, test } from 'vitest';
import { type CheckoutText, checkoutTexts } from './checkout-text.ts';

const said = ({ refused, ends, causes, ...rest }: CheckoutText): string[] =>
  [rest, refused, ends, causes].flatMap((part): string[] => Object.values(part));

test('every language says everything, and none says it in English', () => {
  const english = said(checkoutTexts.en);
  for (const locale of ['zh-Hans', 'zh-Hant', 'ja'] as const) {
    expect(said(checkoutTexts[locale])).toHaveLength(english.length);
    expect(said(checkoutTexts[locale]).filter((text) => text.trim() === '' || english.includes(text))).toEqual([]);
  }
});

test('headings of results and labels of the sandbox are the published ones', () => {
  const { ends, succeed, fail, processing, confirm } = checkoutTexts.en;
  expect([ends.success, ends.failed, succeed, fail, processing, confirm]).toEqual([
    'Payment Successful',
    'Payment Failed',
    'Payment succeeded',
    'Payment failed',
    'Processing…',
    'Confirm',
  ]);
  const { subscribe, subscribed } = checkoutTexts.en;
  expect([subscribe, subscribed]).toEqual(['Subscribe', 'Subscription successful']);
  expect([checkoutTexts['zh-Hans'].succeed, checkoutTexts['zh-Hant'].subscribed]).toEqual(['付款成功', '訂閱成功']);
});
