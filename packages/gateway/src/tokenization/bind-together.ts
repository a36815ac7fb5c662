/**
 * The road of bindings that begin with the card and wait for nobody: what the submissions of a merchant that come together write
 * shares its transactions. What nearly all come to, a token that nobody has verified yet, is written for all of them together;
 * every other ending as `finish.ts` does it, one after the other.
 */
import type { Gateway } from '../gateway.ts';
import { performTogether } from '../payment/perform.ts';
import type { SettledTogether, SharedRoad } from '../payment/road.ts';
import type { Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { firstOfEach } from '../storage/grouped.ts';
import { eraseCard, storeCards } from '../vault/vault.ts';
import { notifyAll } from '../webhook/notify.ts';
import { type Binding, submittedSession } from './binding.ts';
import { settleBinding, type TokenOrigin, tokenOf, type Verification, verificationOf, verifying } from './finish.ts';
import { notificationOf } from './notification.ts';
import { endEachSubmitted, lockSessions } from './session.store.ts';
import type { Session } from './session.ts';
import { markEachSubmitted, markSubmitted } from './submission.store.ts';
import { insertTokens, type NewToken } from './token.store.ts';
import { expectRoom, refuseFullUsers } from './user-limit.ts';
import { expectNothingUnwatched, watchExpiries } from './watch-expiry.ts';

/** Verifies the card of a session that waits for it, and makes the token. */
export async function bindTogether(gateway: Gateway, binding: Binding): Promise<Verification> {
  const { session, submission } = binding;
  const payment = verifying(session);
  const road = { card: submission.card, subject: { now: gateway.clock.now(), ...binding } };
  return verificationOf(await performTogether(gateway, payment, newBindings, road));
}

type Subject = Binding & { readonly now: Date };
type Told = SettledTogether<Subject>;

const newBindings: SharedRoad<Subject, void> = { begin, beginAtOnce, settle, settleAtOnce };

/** Those that were submitted to the same session in the same moment are lost but for one: they have not even a card to erase. */
async function begin(tx: Tx, all: readonly Subject[]): Promise<ReadonlySet<Subject>> {
  const bindings = [...firstOfEach(all, requestIdOf)];
  const [first] = bindings;
  if (first === undefined) return new Set();
  const { merchantId } = first.session;
  const [, submitted] = await inOneWrite([
    refuseFullUsers(tx, merchantId, usersOf(bindings)),
    markSubmitted(tx, bindings.map(submittedSession)),
    storeCards(tx, cardsOf(bindings), first.now),
  ]);
  const [won, lost] = [true, false].map((wins) =>
    bindings.filter((binding) => submitted.has(requestIdOf(binding)) === wins),
  ) as [Subject[], Subject[]];
  for (const { sealed } of lost) await eraseCard(tx, sealed);
  return new Set(won);
}

/** The same in one write; refused when a user has no room, or a session was submitted before or twice here, was renewed or expired. */
function beginAtOnce(bindings: readonly Subject[]): ((tx: Tx) => Promise<unknown>) | undefined {
  const [first] = bindings;
  if (first === undefined) return undefined;
  return (tx) =>
    inOneWrite([
      expectRoom(tx, first.session.merchantId, usersOf(bindings)),
      markEachSubmitted(tx, bindings.map(submittedSession)),
      storeCards(tx, cardsOf(bindings), first.now),
    ]);
}

const requestIdOf = ({ session }: Subject) => session.tokenRequestId;
const usersOf = (bindings: readonly Subject[]) => bindings.map(({ session }) => session.merchantUserId);
const cardsOf = (bindings: readonly Subject[]) => bindings.map(({ sealed }) => sealed);

async function settle(
  tx: Tx,
  all: readonly Told[],
  recorded: Promise<ReadonlySet<Told>>,
): Promise<ReadonlyMap<Told, void>> {
  const [first] = all;
  if (first === undefined) return new Map();
  const { merchantId } = first.payment;
  const [carried, sessions] = await inOneWrite([
    recorded,
    lockSessions(
      tx,
      merchantId,
      all.map(({ payment }) => payment.subject.id),
    ),
    watchExpiries(
      first.gateway,
      tx,
      merchantId,
      all.map(({ subject }) => subject.summary.expiry),
    ),
  ]);
  const told = all.filter((one) => carried.has(one));
  const bound = told.flatMap((one): Bound[] => {
    const session = sessions.get(one.payment.subject.id);
    return session !== undefined && isBoundAtOnce(one, session) ? [boundBy(one, session)] : [];
  });
  saveBound(tx, bound);
  const done = new Set(bound.map(({ told }) => told));
  for (const one of told) {
    const { gateway, payment, outcome } = one;
    if (!done.has(one)) await settleBinding(gateway, tx, merchantId, payment.subject.id, outcome);
  }
  return new Map(told.map((one) => [one, undefined]));
}

/**
 * The same, when all cards were approved, in a transaction that is asked at once; refused when a session does not wait any more, or
 * nobody watches the month in which one of the cards ends.
 *
 * @returns undefined when one has another ending
 */
function settleAtOnce(all: readonly Told[]): ((tx: Tx) => Promise<ReadonlyMap<Told, void>>) | undefined {
  const [first] = all;
  if (first === undefined || !all.every(isApproved)) return undefined;
  const expiries = all.map(({ subject }) => subject.summary.expiry);
  return async (tx) => {
    tx.last(expectNothingUnwatched(tx, first.payment.merchantId, expiries));
    saveBound(
      tx,
      all.map((one) => boundBy(one, originOf(one.subject))),
    );
    return new Map(all.map((one) => [one, undefined]));
  };
}

/** A session, and the token that it comes to. */
interface Bound {
  readonly told: Told;
  readonly session: TokenOrigin;
  readonly token: NewToken;
}

/** Nobody was asked who the shopper is, and no subscription waits for the card. */
const isApproved = ({ outcome, subject: { session } }: Told): boolean =>
  outcome.kind === 'approved' && session.subscriptionId === undefined;

const isBoundAtOnce = (told: Told, { status }: Session): boolean => isApproved(told) && status === 'SUBMITTED';

/** As the session is since it was submitted; nothing of this changes before it ends. */
const originOf = ({ session, submission, sealed, summary }: Subject): TokenOrigin => ({
  ...session,
  cardId: sealed.cardId,
  card: summary,
  billingAddress: submission.billingAddress ?? session.billingAddress,
});

function boundBy(told: Told, session: TokenOrigin): Bound {
  const { gateway, outcome } = told;
  const token = tokenOf(session, gateway.clock.now(), 'UNVERIFIED');
  const networkTransactionId = outcome.kind === 'approved' ? outcome.networkTransactionId : '';
  return { told, session, token: { networkTransactionId, ...token } };
}

/** Nobody waits to hear that they were written: a session that is not as expected lets the server refuse all of it. */
function saveBound(tx: Tx, bound: readonly Bound[]): void {
  if (bound.length === 0) return;
  tx.last(
    insertTokens(
      tx,
      bound.map(({ token }) => token),
    ),
  );
  const ended = bound.map(({ session, token: { tokenId, createdAt: now } }) => ({
    session,
    ending: { status: 'BOUND', tokenId } as const,
    now,
  }));
  tx.last(endEachSubmitted(tx, ended));
  const told = bound.flatMap(({ token }) => {
    const notification = notificationOf(token);
    return notification === undefined ? [] : [{ now: token.createdAt, ...notification }];
  });
  tx.last(notifyAll(tx, told));
}
