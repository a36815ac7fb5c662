/** For the tests of a merchant's own receiver: a notification signed as a gateway signs it. */
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import type { AnyEvent } from './webhook.ts';

/** What a receiver is sent. */
export interface SignedWebhook {
  readonly rawBody: string;
  /** For the header `X-SIGNATURE`. */
  readonly signature: string;
}

/**
 * Plays the gateway towards your receiver. Make a key pair for the test, give its public half to the `Waffo` under test as
 * `waffoPublicKey`, and its private half to this function.
 *
 * @param event - what to tell, usually a `Notification`
 * @param privateKey - in any form that `privateKey` of `WaffoOptions` takes
 * @example
 * const { rawBody, signature } = await signWebhookForTest(
 *   { eventType: 'TOKENIZATION_NOTIFICATION', result: { tokenId: 'tok_1', tokenStatus: 'UNVERIFIED' } },
 *   testPrivateKey,
 * );
 * const answer = await webhook.handleWebhook(rawBody, signature);
 */
export async function signWebhookForTest(event: AnyEvent, privateKey: string): Promise<SignedWebhook> {
  const rawBody = JSON.stringify(event);
  return { rawBody, signature: await sign(Buffer.from(rawBody), parsePrivateKey(privateKey)) };
}
