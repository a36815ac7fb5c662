import { expect, test } from 'vitest';
import { type SubscriptionText, subscriptionTexts } from './subscription-text.ts';

const said = ({ states, backTo, refundedPart, ...rest }: SubscriptionText): string[] =>
  [rest, states, [backTo('Kiln'), refundedPart('HKD 1.00')]].flatMap((part): string[] => Object.values(part));

test('every language says everything, and none says it in English', () => {
  const english = said(subscriptionTexts.en);
  for (const locale of ['zh-Hans', 'zh-Hant', 'ja'] as const) {
    expect(said(subscriptionTexts[locale])).toHaveLength(english.length);
    expect(said(subscriptionTexts[locale]).filter((text) => text.trim() === '' || english.includes(text))).toEqual([]);
  }
});

test('the labels are the published ones, and those that scripts of integrators look for', () => {
  const { succeed, fail, cancel, history } = subscriptionTexts.en;
  expect([succeed, fail, cancel, history]).toEqual([
    'Simulate next payment succeeded',
    'Simulate next payment failed',
    'Cancel Subscription',
    'Billing History',
  ]);
  for (const locale of ['zh-Hans', 'zh-Hant'] as const) {
    expect(subscriptionTexts[locale].succeed).toContain('下一期付款成功');
  }
});
