/** `POST /tokenization/generate`: opens a binding session, or binds at once when a PCI-certified merchant sends the card. */

import { maskPan, parseExpiry } from '@waffo/protocol/card';
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/tokenization';
import type { MerchantCaller } from '../caller.ts';
import { crashPoint } from '../crash-point.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { requestFingerprint } from '../idempotency.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { parseDecision } from '../threeds/decision.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import { bindCard, bindingUnknown, cardDeclined } from './bind-card.ts';
import { checkCard } from './check-card.ts';
import { freshKey, openSessionTogether, queueExpiry } from './open-session.ts';
import { findSession, insertSession, renewSession } from './session.store.ts';
import { isExpired, type Session } from './session.ts';
import { refuseFullUser } from './user-limit.ts';

type Input = RequestOf<typeof operations.generate>;
type Data = DataOf<typeof operations.generate>;

export async function generate(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchant } = caller;
  if (input.tokenData !== undefined && !merchant.pciCertified) {
    throw new Fault(
      'PERMISSION_DENIED',
      'tokenData: only PCI-certified merchants may send a card; use @waffo/payment-sdk',
    );
  }
  const notifyUrl = input.notifyUrl || merchant.settings.tokenNotifyUrl;
  const reason = notifyUrl === undefined ? undefined : gateway.egress.check(notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `notifyUrl: ${reason}`);
  if (parseDecision(input.threeDsDecision, 'threeDsDecision') === '3DS_FORCE' && input.tokenData !== undefined) {
    throw new Fault('PARAMETER_INVALID', 'threeDsDecision: 3DS_FORCE needs the shopper; bind with @waffo/payment-sdk');
  }
  if (input.tokenData === undefined) return openSession(gateway, caller, input, notifyUrl);
  const card = bareCard(input.tokenData);
  try {
    return await bindBareCard(gateway, caller, input, notifyUrl, card);
  } finally {
    card.dispose();
  }
}

async function openSession(gateway: Gateway, caller: MerchantCaller, input: Input, notifyUrl: string | undefined) {
  const fingerprint = requestFingerprint(input);
  const { merchantId } = caller.merchant;
  // Asked for at once, told one after the other: a repeat is answered, however many cards its user has by now.
  const looking = findSession(gateway.database, merchantId, input.tokenRequestId);
  const counting = refuseFullUser(gateway.database, merchantId, input.merchantUserId);
  await Promise.allSettled([looking, counting]);
  if ((await looking) === undefined) {
    await counting;
    const key = await freshKey(gateway, merchantId, input.tokenRequestId);
    const session = { ...newSession(gateway, caller, input, notifyUrl, fingerprint), ...key };
    crashPoint('tokenization/before-session');
    const isOpened = await openSessionTogether(gateway, session);
    crashPoint('tokenization/session-created');
    if (isOpened) return answer(session);
  }
  const session = await present(gateway, merchantId, input.tokenRequestId, fingerprint);
  if (session.status !== 'OPEN' || !isExpired(session, gateway.clock.now())) return answer(session);
  const key = await freshKey(gateway, merchantId, input.tokenRequestId);
  await gateway.database.transaction(async (tx) => {
    if (await renewSession(tx, session, key, gateway.clock.now()))
      await queueExpiry(gateway, tx, { ...session, ...key });
  });
  return answer(await present(gateway, merchantId, input.tokenRequestId, fingerprint));
}

async function bindBareCard(
  gateway: Gateway,
  caller: MerchantCaller,
  input: Input,
  notifyUrl: string | undefined,
  card: CardBuffer,
): Promise<Data> {
  const { merchantId } = caller.merchant;
  const tokenData = { ...input.tokenData, pan: maskPan(card.pan), cvv: undefined };
  const fingerprint = requestFingerprint({ ...input, tokenData });
  if ((await findSession(gateway.database, merchantId, input.tokenRequestId)) === undefined) {
    checkCard(card, gateway.connectors.of(merchantId), gateway);
    await refuseFullUser(gateway.database, merchantId, input.merchantUserId);
    const session = newSession(gateway, caller, input, notifyUrl, fingerprint);
    const submission = {
      card,
      submitFingerprint: undefined,
      billingAddress: input.billingAddress,
      returnUrl: undefined,
    };
    await bindCard(gateway, session, submission, (tx) => insertSession(tx, session));
  }
  await present(gateway, merchantId, input.tokenRequestId, fingerprint);
  await awaitAnswer(gateway, merchantId, { kind: 'tokenization', id: input.tokenRequestId });
  const session = await present(gateway, merchantId, input.tokenRequestId, fingerprint);
  if (session.status === 'FAILED') throw cardDeclined();
  if (session.status !== 'BOUND') throw bindingUnknown();
  return answer(session);
}

async function present(
  gateway: Gateway,
  merchantId: string,
  tokenRequestId: string,
  fingerprint: Buffer,
): Promise<Session> {
  const session = await findSession(gateway.database, merchantId, tokenRequestId);
  if (session === undefined) throw new Error('a session that was just written is not there');
  if (!session.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  return session;
}

const newSession = (
  gateway: Gateway,
  caller: MerchantCaller,
  input: Input,
  notifyUrl: string | undefined,
  requestFingerprint: Buffer,
) => ({
  merchantId: caller.merchant.merchantId,
  tokenRequestId: input.tokenRequestId,
  requestFingerprint,
  sessionId: undefined,
  tokenId: undefined,
  sealedPrivateKey: undefined,
  expiresAt: undefined,
  merchantUserId: input.merchantUserId,
  subMerchantId: input.merchantInfo.subMerchantId,
  notifyUrl,
  billingAddress: input.billingAddress,
  threeDsDecision: parseDecision(input.threeDsDecision, 'threeDsDecision'),
  createdAt: gateway.clock.now(),
});

const answer = (session: Pick<Session, 'tokenRequestId' | 'sessionId' | 'merchantUserId' | 'tokenId'>): Data => ({
  tokenRequestId: session.tokenRequestId,
  ...(session.sessionId !== undefined && { tokenSessionId: session.sessionId }),
  merchantUserId: session.merchantUserId,
  ...(session.tokenId !== undefined && { tokenId: session.tokenId }),
});

function bareCard(tokenData: NonNullable<Input['tokenData']>): CardBuffer {
  const expiry = parseExpiry(tokenData.expiry);
  if (expiry === undefined) throw new Fault('CARD_DATA_INVALID', 'tokenData.expiry: expected MM/YYYY, e.g. 12/2030');
  if (!/^\d{12,19}$/.test(tokenData.pan))
    throw new Fault('CARD_DATA_INVALID', 'tokenData.pan: expected 12 to 19 digits');
  if (tokenData.cvv !== undefined && !/^\d{3,4}$/.test(tokenData.cvv)) {
    throw new Fault('CARD_DATA_INVALID', 'tokenData.cvv: expected three or four digits');
  }
  try {
    return CardBuffer.fromText({ pan: tokenData.pan, expiry, cvv: tokenData.cvv, name: tokenData.name ?? '' });
  } catch (cause) {
    // The number, expiry and code were checked above: only the name can be at fault.
    throw new Fault('CARD_DATA_INVALID', 'tokenData.name: too long, or with control characters', { cause });
  }
}
