/** The key of a binding session: made, and destroyed when the session was not used in time. */
import type { Gateway } from '../gateway.ts';
import { newRowId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import { enqueue, enqueueAll } from '../job/queue.ts';
import type { Tx } from '../storage/database.ts';
import { firstOfEach, inBatches } from '../storage/grouped.ts';
import { newSessionKey } from '../vault/session-key.ts';
import { findSession, insertSessions, type NewSession } from './session.store.ts';
import { isExpired, type Session } from './session.ts';

/**
 * Opens a session for a page of ours, whose card is to pay a subscription. Its holder is always authenticated.
 *
 * @returns its `tokenRequestId`, by which the merchant is told of the token
 */
export async function openSessionFor(
  gateway: Gateway,
  wanted: {
    readonly merchantId: string;
    readonly merchantUserId: string;
    readonly notifyUrl: string;
    readonly subscriptionId: string;
  },
): Promise<string> {
  const { merchantId } = wanted;
  const tokenRequestId = newRowId();
  const key = await freshKey(gateway, merchantId, tokenRequestId);
  const named = { ...wanted, tokenRequestId };
  const session = {
    ...named,
    ...key,
    requestFingerprint: requestFingerprint(named),
    subMerchantId: undefined,
    billingAddress: undefined,
    threeDsDecision: '3DS_FORCE',
    createdAt: gateway.clock.now(),
  } as const;
  await openSessionTogether(gateway, session);
  return tokenRequestId;
}

/** A session that a card may be submitted to now. */
export async function openSessionNamed(
  { database, clock }: Pick<Gateway, 'database' | 'clock'>,
  merchantId: string,
  tokenRequestId: string,
): Promise<Session | undefined> {
  const session = await findSession(database, merchantId, tokenRequestId);
  return session?.status === 'OPEN' && !isExpired(session, clock.now()) ? session : undefined;
}

/** A key for a browser to encrypt to, and until when it may. */
export async function freshKey(gateway: Gateway, merchantId: string, tokenRequestId: string) {
  const { sessionId, sealedPrivateKey } = await newSessionKey(gateway, { merchantId, tokenRequestId });
  return {
    sessionId,
    sealedPrivateKey,
    expiresAt: new Date(gateway.clock.now().getTime() + gateway.config.sessionLifetimeMs),
  };
}

/** A session with its key. */
type Keyed = NewSession & { readonly sessionId: string; readonly expiresAt: Date };

/**
 * Those that are opened together share a transaction, of one write.
 *
 * @returns false when the request id was there already, also when it came there in this very write
 */
export const openSessionTogether = (gateway: Gateway, session: Keyed): Promise<boolean> =>
  openTogether(gateway.database, { gateway, session });

const openTogether = inBatches(
  async (database, opened: readonly { readonly gateway: Gateway; readonly session: Keyed }[]): Promise<boolean[]> => {
    const first = firstOfEach(opened, ({ session }) => `${session.merchantId}/${session.tokenRequestId}`);
    let rows: ReadonlySet<string> = new Set();
    await database.transaction(async (tx) => {
      const sessions = [...first].map(({ session }) => session);
      const inserting = insertSessions(tx, sessions).then((inserted) => {
        rows = inserted;
      });
      tx.last(inserting);
      // A job about a session that is not there, because somebody was faster, finds nothing to do.
      tx.last(
        enqueueAll(
          tx,
          [...first].map(({ gateway, session }) => expiryOf(gateway, session)),
        ),
      );
    });
    return opened.map((one) => first.has(one) && rows.has(one.session.tokenRequestId));
  },
);

/** When the session expires unused, its key is destroyed. */
export async function queueExpiry(
  gateway: Gateway,
  tx: Tx,
  session: { merchantId: string; tokenRequestId: string; sessionId: string; expiresAt: Date },
): Promise<void> {
  await enqueue(tx, expiryOf(gateway, session));
}

function expiryOf(
  { clock }: Gateway,
  {
    merchantId,
    tokenRequestId,
    sessionId,
    expiresAt: dueAt,
  }: { merchantId: string; tokenRequestId: string; sessionId: string; expiresAt: Date },
) {
  const payload = { tokenRequestId, sessionId };
  return { kind: 'tokenization/expire-session', merchantId, payload, dueAt, now: clock.now() };
}
