/**
 * Tries a merchant's webhook endpoint and says in words what is wrong with it. What it sends is signed like any
 * notification and tells of a binding that failed, under an id that no merchant has given: nothing follows from it. It is
 * not kept and not sent again.
 */
import type { KeyObject } from 'node:crypto';
import type { TokenizationNotification } from '@waffo/protocol/notifications';
import { sign } from '@waffo/protocol/signature';
import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { newRowId } from '../id.ts';
import { type Attempted, attemptOf, type DeliverDeps, type Receiver } from './deliver.ts';
import type { Egress } from './egress.ts';

export interface TestEndpointDeps {
  readonly clock: Clock;
  readonly egress: Pick<Egress, 'check' | 'post'>;
  readonly platformKeys: DeliverDeps['platformKeys'];
  merchantOf(merchantId: string): Promise<TestedMerchant | undefined>;
}

type TestedMerchant = Receiver & { readonly settings: { readonly tokenNotifyUrl?: string | undefined } };

/** One thing that was tried. */
interface EndpointCheck {
  readonly tried: 'the address' | 'a signed notification' | 'the same one again' | 'one with a wrong signature';
  readonly ok: boolean;
  /** What was found, in words for the merchant. */
  readonly says: string;
  /** How long the answer took. */
  readonly ms?: number;
  readonly httpStatus?: number;
  readonly answerType?: string;
  readonly answerExcerpt?: string;
}

export interface EndpointReport {
  readonly url: string;
  /** The `webhook-id` that the endpoint saw. */
  readonly eventId: string;
  readonly ok: boolean;
  readonly checks: readonly EndpointCheck[];
}

/**
 * Sends a test notification, the same again, and, when both were acknowledged, one that must be refused.
 *
 * @param target.url - where to; the merchant's own address for tokens when absent
 * @returns what was found; later things are not tried when an earlier one failed
 * @throws Fault PARAMETER_INVALID when there is no such merchant, or no address is known
 * @example await testEndpoint(deps, { merchantId: 'M1', url: 'https://shop.example/webhook' })
 */
export async function testEndpoint(
  deps: TestEndpointDeps,
  target: { readonly merchantId: string; readonly url?: string },
): Promise<EndpointReport> {
  const { merchantId } = target;
  const merchant = await deps.merchantOf(merchantId);
  if (merchant === undefined) throw new Fault('PARAMETER_INVALID', `there is no merchant ${merchantId}`);
  const url = target.url ?? merchant.settings.tokenNotifyUrl;
  if (url === undefined) throw new Fault('PARAMETER_INVALID', `name a URL: ${merchantId} has no address of its own`);
  const eventId = newRowId();
  const checks = await checksOf(deps, merchant, { merchantId, url, eventId });
  return { url, eventId, ok: checks.every(({ ok }) => ok), checks };
}

type Target = { readonly merchantId: string; readonly url: string; readonly eventId: string };

async function checksOf(deps: TestEndpointDeps, merchant: TestedMerchant, target: Target): Promise<EndpointCheck[]> {
  const reason = deps.egress.check(target.url);
  if (reason !== undefined) return [{ tried: 'the address', ok: false, says: `${target.url} ${reason}` }];
  const { privateKey } = await deps.platformKeys.signerOf(target.merchantId);
  const body = bodyOf(target);
  const signature = await sign(body, privateKey);
  const checks: EndpointCheck[] = [];
  for (const tried of ['a signed notification', 'the same one again'] as const) {
    const { attempted, ms } = await attempt(deps, merchant, target, { body, signature });
    checks.push({ tried, ok: attempted.delivered, says: attempted.outcome, ms, ...answerOf(attempted) });
    if (!attempted.delivered) return checks;
  }
  checks.push(await forged(deps, merchant, target, { body, privateKey }));
  return checks;
}

/** The right key over other bytes: whoever acknowledges that does not verify. */
async function forged(
  deps: TestEndpointDeps,
  merchant: TestedMerchant,
  target: Target,
  { body, privateKey }: { readonly body: Buffer; readonly privateKey: KeyObject },
): Promise<EndpointCheck> {
  const signature = await sign(Buffer.concat([body, Buffer.from(' ')]), privateKey);
  const { attempted, ms } = await attempt(deps, merchant, target, { body, signature });
  const says = attempted.delivered
    ? 'your server acknowledged a notification with a wrong signature: anybody can send it one; verify X-SIGNATURE over the raw body before you act'
    : 'not acknowledged, as it must be';
  return { tried: 'one with a wrong signature', ok: !attempted.delivered, says, ms, ...answerOf(attempted) };
}

async function attempt(
  { clock, egress }: TestEndpointDeps,
  merchant: TestedMerchant,
  { merchantId, url, eventId }: Target,
  signed: { readonly body: Buffer; readonly signature: string },
): Promise<{ attempted: Attempted; ms: number }> {
  const startedAt = clock.now();
  const event = { merchantId, eventId, notifyUrl: url, ...signed };
  const attempted = await attemptOf({ egress }, event, merchant, startedAt);
  return { attempted, ms: clock.now().getTime() - startedAt.getTime() };
}

const answerOf = ({ httpStatus, answerType, answerExcerpt }: Attempted) => ({
  ...(httpStatus !== undefined && { httpStatus }),
  ...(answerType !== undefined && { answerType }),
  ...(answerExcerpt !== undefined && { answerExcerpt }),
});

function bodyOf({ merchantId, eventId }: Target): Buffer {
  const notification: TokenizationNotification = {
    eventType: 'TOKENIZATION_NOTIFICATION',
    result: {
      tokenRequestId: `webhook_test_${eventId}`,
      tokenType: 'CARD',
      tokenStatus: 'FAILED',
      merchantUserId: 'webhook_test',
      merchantInfo: { merchantId },
      failedReason: JSON.stringify({
        tokenFailedCode: 'WEBHOOK_TEST',
        tokenFailedDescription: 'A test of your webhook endpoint; no card was bound',
      }),
    },
  };
  return Buffer.from(JSON.stringify(notification));
}
