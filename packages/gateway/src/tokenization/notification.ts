/** TOKENIZATION_NOTIFICATION: one for each change of a token's status, and one for a binding that failed. */
import type { TokenizationNotification } from '@waffo/protocol/notifications';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { type Notification, notify } from '../webhook/notify.ts';
import { tokenDataOf } from './card-summary.ts';
import type { BindingFailure, Session } from './session.ts';
import type { Token } from './token.ts';

type Result = TokenizationNotification['result'];

/** Tells the merchant what a token now is. Without a notify URL it is not told; it can inquire. */
export async function notifyToken({ clock }: Pick<Gateway, 'clock'>, tx: Tx, token: Token): Promise<void> {
  const told = notificationOf(token);
  if (told !== undefined) await notify(tx, { now: clock.now() }, told);
}

/** What the merchant is told of a token; undefined without a notify URL. */
export const notificationOf = (token: Token): Notification | undefined =>
  addressed(token, {
    tokenRequestId: token.tokenRequestId,
    tokenId: token.tokenId,
    tokenType: 'CARD',
    tokenStatus: token.status,
    ...(token.card && { tokenData: tokenDataOf(token.card) }),
    ...rest(token),
  });

/** Tells the merchant that a binding came to nothing. */
export async function notifyFailedBinding(
  { clock }: Pick<Gateway, 'clock'>,
  tx: Tx,
  session: Session,
  failure: BindingFailure,
): Promise<void> {
  const told = addressed(session, {
    tokenRequestId: session.tokenRequestId,
    tokenType: 'CARD',
    tokenStatus: 'FAILED',
    ...(session.card && { tokenData: tokenDataOf(session.card) }),
    ...rest(session),
    failedReason: JSON.stringify({ tokenFailedCode: failure.code, tokenFailedDescription: failure.description }),
  });
  if (told !== undefined) await notify(tx, { now: clock.now() }, told);
}

type Told = Pick<
  Token,
  'merchantId' | 'tokenRequestId' | 'merchantUserId' | 'subMerchantId' | 'billingAddress' | 'notifyUrl'
>;

const rest = (told: Told): Pick<Result, 'merchantUserId' | 'billingAddress' | 'merchantInfo'> => ({
  merchantUserId: told.merchantUserId,
  ...(told.billingAddress && { billingAddress: told.billingAddress }),
  merchantInfo: {
    merchantId: told.merchantId,
    ...(told.subMerchantId !== undefined && { subMerchantId: told.subMerchantId }),
  },
});

function addressed({ merchantId, tokenRequestId, notifyUrl }: Told, result: Result): Notification | undefined {
  if (notifyUrl === undefined) return undefined;
  return { merchantId, objectId: tokenRequestId, eventType: 'TOKENIZATION_NOTIFICATION', notifyUrl, result };
}
