/** The reference page of why payments, bindings and refunds fail. */
import { faults } from '@waffo/protocol/codes';
import { type DeclineReason, declineReasons, isDeclinedForGood } from '../src/connector/declines.ts';

/** Codes that the gateway itself ends with; no acquirer was asked, or none declined. `test/docs.test.ts` holds them to the code. */
export const ownCodes = {
  EXPIRED: 'The shopper did not pay, or gave no card, in time',
  USER_CANCELLED: 'The shopper cancelled the payment at the checkout',
  CANCELLED: 'The merchant cancelled the order',
  AUTHORIZATION_EXPIRED: 'Nobody captured the authorisation in time; it was given back',
  AUTHENTICATION_FAILED: 'The issuer did not authenticate the shopper',
  AUTHENTICATION_CANCELLED: 'The shopper cancelled 3-D Secure',
  AUTHENTICATION_EXPIRED: 'The shopper did not finish 3-D Secure in time',
  SECURITY_CODE_LOST: 'The security code did not outlast 3-D Secure; ask for the card again',
  TOO_MANY_REFUSED_SUBMISSIONS: 'A binding: too many submissions were refused for their content',
} as const satisfies Record<string, string>;

/** `docs/reference/declines.md`. */
export function declinesPage(): string {
  const reasons = Object.entries(declineReasons) as [DeclineReason, string][];
  return [
    '# Why it failed',
    '',
    '<!-- Written by `npm run generate`; edit the declarations instead. -->',
    '',
    '`orderFailedReason`, `refundFailedReason` and the `failedReason` of a subscription are texts that hold JSON: `orderFailedCode` is',
    'one of these, `orderFailedDescription` a sentence. In the `failedReason` of a binding they are `tokenFailedCode` and',
    '`tokenFailedDescription`. A decline is a result, so these are no [codes of an answer](codes.md).',
    '',
    '## Declined',
    '',
    'Every connector maps the codes of its acquirer onto this list. What is for good will be declined again: the token is not charged',
    'without its holder until he has paid with it himself or another card took its place, and a',
    '[subscription](../guide/subscriptions.md#when-a-renewal-fails) that it was to pay ends.',
    '',
    '| reason | meaning | for good |',
    '| --- | --- | --- |',
    ...reasons.map(([reason, text]) => `| \`${reason}\` | ${text} | ${isDeclinedForGood(reason) ? 'yes' : 'no'} |`),
    '',
    '## Ended by the gateway',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...Object.entries(ownCodes).map(([code, text]) => `| \`${code}\` | ${text} |`),
    '',
    'A renewal that the token, the contract or the merchant does not allow is an order that closes without a call. Its code is the one',
    `that [\`order/create\` would answer](codes.md): \`${faults.TOKEN_INVALID.code}\` for a token that was removed or suspended,`,
    `\`${faults.TOKEN_EXPIRED.code}\` for one that expired, \`${faults.CHANNEL_REJECTED.code}\` for a card that was declined for good before.`,
    '',
  ].join('\n');
}
