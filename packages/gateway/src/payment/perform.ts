/**
 * The one road to money: every call to an acquirer goes through here. It writes the intent before the call and
 * the outcome after it, and nothing is called inside a transaction. When the outcome is not known, or the process dies
 * in between, `resolve-unknown` takes over; nobody calls a second time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '../connector/connector.ts';
import type { Outcome } from '../connector/outcome.ts';
import { crashPoint } from '../crash-point.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newRowId } from '../id.ts';
import { CommitUnknown, DatabaseUnavailable } from '../storage/failures.ts';
import type { Access } from '../vault/access-entry.ts';
import { recordAccess } from '../vault/access-log.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { CardMissing, type CardUse, withCard, withNotedCard } from '../vault/vault.ts';
import { askAcquirer } from './ask.ts';
import { type Charge, findCharge } from './attempt.store.ts';
import type { Subject } from './attempt.ts';
import { discountTry, mayBeTried, tooOften } from './count-try.ts';
import { inTime } from './deadline.ts';
import { alone, type Begun, type Noting, type Recorded, type Steps, together } from './record.ts';
import type { FollowUp, Payment, Performed, Road, SharedRoad } from './road.ts';

const recordTries = 4;
const recordPauseMs = 250;

/** A card in hand, with its CVV, or where it rests, with the CVV that waited for a challenge. */
export type CardAtHand = CardBuffer | { readonly cardId: string; readonly tokenId?: string; readonly cvv?: Uint8Array };

/**
 * Records the intent, calls the acquirer, records the outcome.
 *
 * @returns the outcome and what `settle` answered, or why there is none
 */
export const perform = <Settled>(
  gateway: Gateway,
  payment: Payment,
  { card, ...road }: Road<Settled> & { readonly card: CardAtHand },
): Promise<Performed<Settled>> => charge(gateway, payment, card, alone(gateway, road));

/**
 * The same on a road that is shared.
 *
 * @param shared - the same object for all who share it
 * @param subject - what `shared` writes of this payment
 */
export const performTogether = <Subjected, Settled>(
  gateway: Gateway,
  payment: Payment,
  shared: SharedRoad<Subjected, Settled>,
  { card, subject }: { readonly card: CardAtHand; readonly subject: Subjected },
): Promise<Performed<Settled>> => {
  const notingOf = (reference: string): Noting =>
    'cardId' in card ? { use: useOf(payment, card, reference) } : { access: accessOf(payment, reference) };
  return charge(gateway, payment, card, together(gateway, payment, shared, { subject, notingOf }));
};

function charge<Settled>(
  gateway: Gateway,
  payment: Payment,
  card: CardAtHand,
  steps: Steps<Settled>,
): Promise<Performed<Settled>> {
  const connector = gateway.connectors.of(payment.merchantId);
  const intent = { connector: connector.name, originalAttemptId: undefined, ...payment };
  return walk(gateway, intent, steps, (reference, begun) =>
    callWithCard(gateway, connector, payment, { reference, card, begun }),
  );
}

/**
 * The same for a capture, a void or a refund: it goes to the connector that made the charge.
 *
 * @param payment.charge - from `chargeOf`
 */
export async function performFollowUp<Settled>(
  gateway: Gateway,
  payment: FollowUp,
  road: Road<Settled>,
): Promise<Performed<Settled>> {
  const { merchantId, verb, currency, amountMinor, amount, charge } = payment;
  const connector = gateway.connectors.named(charge.connector);
  const intent = { connector: connector.name, originalAttemptId: charge.reference, ...payment };
  return walk(gateway, intent, alone(gateway, road), (reference) =>
    inTime(connector[verb]({ reference, merchantId, currency, amountMinor, amount, original: charge })).catch(
      (error) => {
        gateway.log.error('a call to the acquirer failed', { merchantId, detail: verb, error });
        return { kind: 'unknown' };
      },
    ),
  );
}

/** The approved charge of a subject, for what follows it. */
export const chargeOf = (
  { database }: Pick<Gateway, 'database'>,
  merchantId: string,
  subject: Subject,
): Promise<Charge | undefined> => findCharge(database, merchantId, subject);

async function walk<Settled>(
  gateway: Gateway,
  intent: Omit<Recorded, 'attemptId'>,
  { begin, settle }: Steps<Settled>,
  send: (reference: string, begun: Begun) => Promise<Outcome>,
): Promise<Performed<Settled>> {
  const attempt = { attemptId: newRowId(), ...intent };
  crashPoint('payment/before-intent', intent.verb);
  const begun = await begin(attempt);
  if (begun === undefined) return { kind: 'not-begun' };
  crashPoint('payment/intent-committed', intent.verb);
  const { merchantId, connector, verb } = attempt;
  const outcome = await askAcquirer(gateway, { merchantId, connector, verb }, () => send(attempt.attemptId, begun));
  crashPoint('payment/connector-answered', intent.verb);
  const settled = await recordSurely(gateway, () => settle(attempt, outcome));
  crashPoint('payment/outcome-committed', intent.verb);
  gateway.nudge();
  return settled === undefined ? { kind: 'settled-elsewhere' } : { kind: 'performed', outcome, settled: settled.value };
}

const willBeAsked = 'an outcome could not be recorded; the acquirer will be asked';
const notUsed = 'the use of a card could not be written down; the card is not used';
const notCounted = 'a charge without the shopper could not be counted; it is not made';

/**
 * The acquirer has answered: from here on nobody may be told that nothing happened. A database that is away for a moment
 * is tried again; a commit whose answer was lost is harmless to repeat, for an outcome is recorded once. The use of a card
 * is written down as surely, before it: a moment without a database is no reason to decline.
 *
 * @throws Fault STATUS_UNKNOWN when it cannot be written down; `resolve-unknown` will
 */
async function recordSurely<T>(gateway: Gateway, record: () => Promise<T>, lost = willBeAsked): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await record();
    } catch (cause) {
      const passing = cause instanceof DatabaseUnavailable || cause instanceof CommitUnknown;
      if (passing && tries < recordTries) {
        await sleep(recordPauseMs);
        continue;
      }
      gateway.log.error(lost, { error: cause });
      throw new Fault('STATUS_UNKNOWN', undefined, { cause });
    }
  }
}

async function callWithCard(
  gateway: Gateway,
  connector: Connector,
  payment: Payment,
  attempt: { readonly reference: string; readonly card: CardAtHand; readonly begun: Begun },
): Promise<Outcome> {
  const { reference, card } = attempt;
  const { merchantId, verb, currency, amountMinor, amount, initiator, threeDs, networkTransactionId } = payment;
  const call = { reference, merchantId, currency, amountMinor, amount, initiator, threeDs, networkTransactionId };
  const admit = (lent: CardBuffer) => () => mayBeTried(gateway, { merchantId, card: lent, reference });
  let sent = false;
  const send = async (lent: CardBuffer): Promise<Outcome> => {
    if (initiator === 'MIT' && !(await recordSurely(gateway, admit(lent), notCounted))) return tooOften;
    sent = true;
    const outcome = await connector[verb]({ card: lent, ...call });
    if (initiator === 'MIT') await discountTry(gateway, reference, outcome);
    return outcome;
  };
  try {
    const answer = lendCard(gateway, payment, attempt, (lent) =>
      'cardId' in card && card.cvv !== undefined ? sendWithCvv(lent, card.cvv, send) : send(lent),
    );
    return await inTime(answer);
  } catch (error) {
    if (!(error instanceof CardMissing))
      gateway.log.error('a call to the acquirer failed', { merchantId, detail: verb, error });
    if (sent) return { kind: 'unknown' };
    // Without a card nothing was sent: the token was removed in this very moment, or its record was tampered with.
    const never: Outcome = { kind: 'declined', reason: 'NEVER_RECEIVED' };
    if (initiator === 'MIT') await discountTry(gateway, reference, never);
    return never;
  }
}

/** Lends the card once its use is written down: with the intent, or now. */
function lendCard(
  gateway: Gateway,
  payment: Payment,
  { reference, card, begun }: { readonly reference: string; readonly card: CardAtHand; readonly begun: Begun },
  lend: (card: CardBuffer) => Promise<Outcome>,
): Promise<Outcome> {
  if (begun.noted !== undefined) return withNotedCard(gateway, begun.noted, lend);
  if ('cardId' in card) return withCard(gateway, useOf(payment, card, reference), lend);
  if (begun.isNoted === true) return lend(card);
  const note = () => recordAccess(gateway, accessOf(payment, reference));
  return recordSurely(gateway, note, notUsed).then(() => lend(card));
}

/** Of a card in hand, which is not in the vault, or not yet. */
const accessOf = ({ merchantId, verb, subject }: Payment, reference: string): Access => ({
  merchantId,
  actor: 'gateway',
  act: 'card.use',
  purpose: verb,
  subject: `${subject.kind}/${subject.id}`,
  reference,
});

const useOf = (
  { merchantId, verb, subject }: Payment,
  { cardId, tokenId }: Exclude<CardAtHand, CardBuffer>,
  reference: string,
): CardUse => ({ merchantId, cardId, tokenId, purpose: verb, subject: `${subject.kind}/${subject.id}`, reference });

async function sendWithCvv<T>(lent: CardBuffer, cvv: Uint8Array, send: (card: CardBuffer) => Promise<T>): Promise<T> {
  const whole = lent.withCvv(cvv);
  try {
    return await send(whole);
  } finally {
    whole.dispose();
  }
}
