/** What the shop's requests to the gateway have in common. */
import { randomUUID } from 'node:crypto';

/** A real shop has a login; this one has one shopper. */
export const shopper = { userId: 'shopper_1', userEmail: 'shopper@kiln.example', userTerminal: 'WEB' };

/** An idempotency key: 32 characters, the most that `paymentRequestId` and its like may have. Keep it before the call. */
export const newRequestId = (): string => randomUUID().replaceAll('-', '');

/**
 * Where a hosted page sends the shopper back to: the shop's own page, however it ended.
 *
 * @param from - what he comes back from; the page asks how that ended, for anybody can write an address
 */
export function homeOf(notifyUrl: string, from: { readonly order: string } | { readonly club: 'yes' }) {
  const home = new URL(`/?${new URLSearchParams(from)}`, notifyUrl).href;
  return { successRedirectUrl: home, failedRedirectUrl: home, cancelRedirectUrl: home };
}

/**
 * Where the shopper must go before it can be paid.
 *
 * @param action - `orderAction` or `subscriptionAction` of an answer: a string that holds JSON, empty when there is nothing to do
 */
export function webUrlIn(action: string | undefined): string | undefined {
  const { webUrl } = JSON.parse(action || '{}');
  return typeof webUrl === 'string' ? webUrl : undefined;
}
