/** TOKENIZATION_NOTIFICATION: one for each change of a token's status, and one for a binding that failed. */
import type { TokenizationNotification } from '@waffo/protocol/notifications';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { notify } from '../webhook/notify.ts';
import { tokenDataOf } from './card-summary.ts';
import type { BindingFailure, Session } from './session.ts';
import type { Token } from './token.ts';

type Result = TokenizationNotification['result'];

/** Tells the merchant what a token now is. Without a notify URL it is not told; it can inquire. */
export async function notifyToken(gateway: Pick<Gateway, 'clock'>, tx: Tx, token: Token): Promise<void> {
  await send(gateway, tx, token, {
    tokenRequestId: token.tokenRequestId,
    tokenId: token.tokenId,
    tokenType: 'CARD',
    tokenStatus: token.status,
    ...(token.card && { tokenData: tokenDataOf(token.card) }),
    ...rest(token),
  });
}

/** Tells the merchant that a binding came to nothing. */
export async function notifyFailedBinding(
  gateway: Pick<Gateway, 'clock'>,
  tx: Tx,
  session: Session,
  failure: BindingFailure,
): Promise<void> {
  await send(gateway, tx, session, {
    tokenRequestId: session.tokenRequestId,
    tokenType: 'CARD',
    tokenStatus: 'FAILED',
    ...(session.card && { tokenData: tokenDataOf(session.card) }),
    ...rest(session),
    failedReason: JSON.stringify({ tokenFailedCode: failure.code, tokenFailedDescription: failure.description }),
  });
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

async function send({ clock }: Pick<Gateway, 'clock'>, tx: Tx, told: Told, result: Result): Promise<void> {
  if (told.notifyUrl === undefined) return;
  await notify(
    tx,
    { now: clock.now() },
    {
      merchantId: told.merchantId,
      objectId: told.tokenRequestId,
      eventType: 'TOKENIZATION_NOTIFICATION',
      notifyUrl: told.notifyUrl,
      result,
    },
  );
}
