/**
 * An acquirer behind an ISO 8583:1987 host. The protocol knows no inquiry, so the client keeps books of its own: a row before
 * each message, and what the host said of it. Silence is answered by a reversal, which is sent until the host acknowledges it;
 * from the moment it is begun, an approval that still comes counts for nothing. It must never send a charge twice.
 */
import type { Clock } from '../../clock.ts';
import type { Database } from '../../storage/database.ts';
import type { AcquirerCall, Connector, FollowUpCall, PayMethod } from '../connector.ts';
import type { DeclineReason } from '../declines.ts';
import type { Outcome } from '../outcome.ts';
import { type Message, textOf } from './codec.ts';
import {
  endExchange,
  findExchange,
  insertExchange,
  lockCharge,
  type Sent,
  startReversal,
  type Verb,
} from './exchange.store.ts';
import type { Link } from './link.ts';
import { chargeRequest, followUpRequest, reversalRequest, rrnOf, type Terminal } from './requests.ts';
import { meaningOf } from './response-codes.ts';

export interface IsoDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly link: Link;
  readonly terminal: Terminal;
  readonly payMethods: readonly PayMethod[];
  /** How long the link waits for an answer: who looks at a row that is younger does not know yet. */
  readonly answerMs: number;
}

/** Field 4 has twelve digits. */
const greatestAmount = 999_999_999_999n;

/** Codes of an 0410: it is undone, there is nothing to undo, or it was undone before. */
const undone = ['00', '21', '25'];

/** Beyond an answer's time: a process may be writing it down. */
const graceMs = 5_000;

const noFacts = { type: '', issuerName: '', issueCountryCode: '' } as const;

/** @example isoAcquirer({ database, clock, link: openLink(options), terminal, payMethods, answerMs: 10_000 }) */
export function isoAcquirer(deps: IsoDeps): Connector {
  return {
    name: 'iso8583',
    payMethods: deps.payMethods,
    acceptsUnchecked: () => false,
    factsOf: () => noFacts,
    screen: () => ({ anyPrecision: false }),
    verify: (call) => charge(deps, 'verify', call),
    authorize: (call) => charge(deps, 'authorize', call),
    purchase: (call) => charge(deps, 'purchase', call),
    capture: (call) => followUp(deps, 'capture', call),
    void: (call) => followUp(deps, 'void', call),
    refund: (call) => followUp(deps, 'refund', call),
    inquire: (reference) => inquire(deps, reference),
  };
}

async function charge(deps: IsoDeps, verb: 'verify' | 'authorize' | 'purchase', call: AcquirerCall): Promise<Outcome> {
  const { reference, merchantId, currency, amountMinor, card, initiator } = call;
  // Field 49 has room for three letters, and USDC has four.
  const fits = amountMinor <= greatestAmount && /^[A-Z]{3}$/.test(currency);
  if (!fits) return { kind: 'declined', reason: 'NOT_SUPPORTED' };
  const row = { reference, merchantId, verb, currency, amountMinor, at: deps.clock.now(), status: 'SENT' } as const;
  const sent = await insertExchange(deps.database, row);
  if (sent === undefined) return known(deps, reference);
  const request = chargeRequest(sent, deps.terminal, card, initiator);
  try {
    return await send(deps, sent, request);
  } finally {
    request.fields.get(2)?.fill(0);
  }
}

/** Decided while the charge's row is locked, so that two at once cannot take more than there is. */
async function followUp(deps: IsoDeps, verb: 'capture' | 'void' | 'refund', call: FollowUpCall): Promise<Outcome> {
  const { reference, merchantId, currency, amountMinor, original } = call;
  const begun = await deps.database.transaction(async (tx) => {
    const found = await lockCharge(tx, merchantId, original.reference);
    const reason = refusalOf(verb, found, amountMinor);
    const row = { reference, merchantId, verb, currency, amountMinor, at: deps.clock.now() };
    const status = reason === undefined ? 'SENT' : 'DECLINED';
    const entry = { ...row, status, original: original.reference, declineReason: reason } as const;
    return { sent: await insertExchange(tx, entry), about: found?.charge };
  });
  const { sent, about } = begun;
  if (sent === undefined || about === undefined || sent.status !== 'SENT') return known(deps, reference);
  const request =
    verb === 'void' ? reversalRequest(about, sent, deps.terminal) : followUpRequest(sent, deps.terminal, about);
  return send(deps, sent, request);
}

/** What our books do not allow. */
function refusalOf(
  verb: Verb,
  found: Awaited<ReturnType<typeof lockCharge>>,
  amountMinor: bigint,
): DeclineReason | undefined {
  if (found === undefined || found.charge.status !== 'APPROVED') return 'PROCESSING_ERROR';
  const { charge: about, captures, voids, moved } = found;
  const isOpen = about.verb === 'authorize' && captures === 0 && voids === 0;
  if (verb !== 'refund' && !isOpen) return 'NOT_CAPTURABLE';
  if (verb === 'capture' && amountMinor > about.amountMinor) return 'AMOUNT_EXCEEDED';
  const captured = about.verb === 'purchase' ? about.amountMinor : moved.captured;
  if (verb === 'refund' && moved.refunded + amountMinor > captured) return 'AMOUNT_EXCEEDED';
  return undefined;
}

/** Sends once, and writes down what was said. */
async function send(deps: IsoDeps, sent: Sent, request: Message): Promise<Outcome> {
  const answer = await deps.link.exchange(request);
  if (answer === 'unsent') {
    const end = { status: 'DECLINED', declineReason: 'ISSUER_UNAVAILABLE' } as const;
    return told(deps, await endExchange(deps.database, sent.reference, 'SENT', end), sent);
  }
  const meaning = answer === 'silent' ? 'unknown' : meaningFor(sent, answer);
  if (meaning === 'unknown' || typeof answer === 'string') return sent.verb === 'void' ? unknown : reverse(deps, sent);
  const end =
    meaning === 'approved'
      ? { status: 'APPROVED' as const, retrievalReference: textOf(answer, 37), approvalCode: textOf(answer, 38) }
      : { status: 'DECLINED' as const, declineReason: meaning };
  return told(deps, await endExchange(deps.database, sent.reference, 'SENT', end), sent);
}

const meaningFor = ({ verb }: Sent, answer: Message) =>
  verb === 'void' ? (isUndone(answer) ? 'approved' : 'unknown') : meaningOf(textOf(answer, 39));

const isUndone = (answer: Message): boolean => undone.includes(textOf(answer, 39) ?? '');

const unknown: Outcome = { kind: 'unknown' };

/** The row after its end, or what somebody else made of it. */
const told = async (deps: IsoDeps, ended: Sent | undefined, { reference }: Sent): Promise<Outcome> =>
  ended === undefined ? known(deps, reference) : outcomeOf(ended);

/** What the books say of a reference that is there. */
async function known({ database }: IsoDeps, reference: string): Promise<Outcome> {
  const sent = await findExchange(database, reference);
  return sent === undefined ? unknown : outcomeOf(sent);
}

function outcomeOf(sent: Sent): Outcome {
  switch (sent.status) {
    case 'APPROVED': {
      const acquirerReference = sent.retrievalReference ?? rrnOf(sent);
      return { kind: 'approved', acquirerReference, networkTransactionId: '' };
    }
    case 'DECLINED':
      return { kind: 'declined', reason: sent.declineReason ?? 'PROCESSING_ERROR' };
    case 'REVERSED':
      return { kind: 'declined', reason: 'PROCESSING_ERROR' };
    case 'STRUCK':
      return { kind: 'declined', reason: 'NEVER_RECEIVED' };
    default:
      return unknown;
  }
}

/** From here on it never was; the host is told until it says so. */
async function reverse(deps: IsoDeps, sent: Sent): Promise<Outcome> {
  const reversing = await startReversal(deps.database, sent.reference, deps.clock.now());
  return reversing === undefined ? known(deps, sent.reference) : sendReversal(deps, reversing);
}

async function sendReversal(deps: IsoDeps, reversing: Sent): Promise<Outcome> {
  const { reversal, reference } = reversing;
  if (reversal === undefined) throw new Error('an exchange is being reversed without a reversal');
  const answer = await deps.link.exchange(reversalRequest(reversing, reversal, deps.terminal));
  if (typeof answer === 'string' || !isUndone(answer)) return unknown;
  return told(deps, await endExchange(deps.database, reference, 'REVERSING', { status: 'REVERSED' }), reversing);
}

/** Looks into the books; what the host left open is reversed, or a void repeated, until it acknowledges. */
async function inquire(deps: IsoDeps, reference: string): Promise<Outcome | { readonly kind: 'never' }> {
  const { database, clock, answerMs } = deps;
  const struck = {
    reference,
    merchantId: '',
    verb: 'verify',
    status: 'STRUCK',
    currency: '',
    amountMinor: 0n,
  } as const;
  if ((await insertExchange(database, { ...struck, at: clock.now() })) !== undefined) return { kind: 'never' };
  const sent = await findExchange(database, reference);
  if (sent === undefined) return unknown;
  if (sent.status === 'STRUCK') return { kind: 'never' };
  if (sent.status === 'REVERSING') return sendReversal(deps, sent);
  if (sent.status !== 'SENT') return outcomeOf(sent);
  // Whoever sent it may still be told.
  if (clock.now().getTime() - sent.at.getTime() < answerMs + graceMs) return unknown;
  if (sent.verb !== 'void') return reverse(deps, sent);
  const about = await findExchange(database, sent.original ?? '');
  return about === undefined ? unknown : repeatVoid(deps, sent, about);
}

async function repeatVoid(deps: IsoDeps, sent: Sent, about: Sent): Promise<Outcome> {
  const answer = await deps.link.exchange(reversalRequest(about, sent, deps.terminal));
  if (typeof answer === 'string' || !isUndone(answer)) return unknown;
  return told(deps, await endExchange(deps.database, sent.reference, 'SENT', { status: 'APPROVED' }), sent);
}
