/**
 * What every connector must promise, as checks that anybody can run against one: an acquirer's test host, or the sandbox.
 * Each check makes its own payments under references of its own. A connector that breaks one of them can charge, capture
 * or refund twice. It imports no test library.
 */
import type { CardBuffer } from '../vault/card-buffer.ts';
import type { AcquirerCall, Connector, FollowUpCall, Original } from './connector.ts';
import { declineReasons } from './declines.ts';
import type { Outcome } from './outcome.ts';

/** The connector under test, and what its acquirer's test host understands. */
export interface Bench {
  readonly connector: Connector;
  readonly merchantId: string;
  readonly currency: string;
  /** A reference that was never used. */
  newReference(): string;
  /** A card that is approved, or one that is declined. Wiped when the check is over. */
  card(kind: 'approved' | 'declined'): CardBuffer;
  /** The test host answers a payment without the shopper with the id of the payment that it names. */
  readonly echoesNetworkTransactionId?: true;
  /** An amount that takes effect and is not answered, when the test host has one; minor units and as it is written. */
  readonly silent?: { readonly amountMinor: bigint; readonly amount: string };
}

export interface Check {
  readonly promise: string;
  /** @throws Error that says what was not kept */
  run(bench: Bench): Promise<void>;
}

const amountMinor = 10_000n;

const callOf = (bench: Bench, card: CardBuffer, fields: Partial<AcquirerCall> = {}): AcquirerCall => ({
  reference: bench.newReference(),
  merchantId: bench.merchantId,
  card,
  currency: bench.currency,
  amountMinor,
  amount: '100.00',
  initiator: 'CIT',
  ...fields,
});

const followUpOf = (bench: Bench, original: Original, fields: Partial<FollowUpCall> = {}): FollowUpCall => ({
  reference: bench.newReference(),
  merchantId: bench.merchantId,
  original,
  currency: bench.currency,
  amountMinor,
  amount: '100.00',
  ...fields,
});

async function withCard<T>(bench: Bench, kind: 'approved' | 'declined', use: (card: CardBuffer) => Promise<T>) {
  const card = bench.card(kind);
  try {
    return await use(card);
  } finally {
    card.dispose();
  }
}

/** An approved charge, for what follows. */
const charged = (bench: Bench, verb: 'authorize' | 'purchase'): Promise<Original> =>
  withCard(bench, 'approved', async (card) => {
    const call = callOf(bench, card);
    const outcome = approved(await bench.connector[verb](call), verb);
    return { ...outcome, reference: call.reference };
  });

function approved(outcome: Outcome, what: string): Extract<Outcome, { kind: 'approved' }> {
  if (outcome.kind !== 'approved') throw new Error(`${what}: expected approved, got ${JSON.stringify(outcome)}`);
  demand(outcome.acquirerReference !== '', `${what}: approved without the acquirer's reference`);
  return outcome;
}

function refused(outcome: Outcome | { readonly kind: 'never' }, what: string): void {
  demand(outcome.kind === 'declined', `${what}: expected declined, got ${JSON.stringify(outcome)}`);
  demand(outcome.kind === 'declined' && outcome.reason in declineReasons, `${what}: the reason is not of the list`);
}

function same(a: unknown, b: unknown, what: string): void {
  demand(JSON.stringify(a) === JSON.stringify(b), `${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
}

function demand(held: boolean, what: string): void {
  if (!held) throw new Error(what);
}

const cardVerbs = ['verify', 'authorize', 'purchase'] as const;
const followUps = ['capture', 'void', 'refund'] as const;

/** A charge that the follow-up fits. */
const chargeFor = (bench: Bench, verb: (typeof followUps)[number]) =>
  charged(bench, verb === 'refund' ? 'purchase' : 'authorize');

const withCardChecks = cardVerbs.flatMap((verb): Check[] => [
  {
    promise: `${verb}: an approved card is approved, a declined one is declined with a reason of the list`,
    async run(bench) {
      await withCard(bench, 'approved', async (card) =>
        approved(await bench.connector[verb](callOf(bench, card)), verb),
      );
      await withCard(bench, 'declined', async (card) =>
        refused(await bench.connector[verb](callOf(bench, card)), verb),
      );
    },
  },
  {
    promise: `${verb}: the same reference again is answered the same, and an inquiry agrees`,
    run: (bench) =>
      withCard(bench, 'approved', async (card) => {
        const call = callOf(bench, card);
        const first = await bench.connector[verb](call);
        same(await bench.connector[verb](call), first, 'the repeat');
        same(await bench.connector.inquire(call.reference), first, 'the inquiry');
      }),
  },
  {
    promise: `${verb}: a reference that an inquiry found unseen is refused when it still comes`,
    run: (bench) =>
      withCard(bench, 'approved', async (card) => {
        const call = callOf(bench, card);
        same(await bench.connector.inquire(call.reference), { kind: 'never' }, 'the inquiry');
        refused(await bench.connector[verb](call), 'the late call');
        const later = await bench.connector.inquire(call.reference);
        demand(later.kind === 'never' || later.kind === 'declined', 'the late call took effect after all');
      }),
  },
  {
    promise: `${verb}: the lent card is neither wiped nor kept`,
    run: (bench) =>
      withCard(bench, 'approved', async (card) => {
        await bench.connector[verb](callOf(bench, card));
        demand(card.pan.length > 0, 'the card was wiped by somebody who does not own it');
      }),
  },
]);

const followUpChecks = followUps.flatMap((verb): Check[] => [
  {
    promise: `${verb}: the same reference again is answered the same, moves nothing more, and an inquiry agrees`,
    async run(bench) {
      const call = followUpOf(bench, await chargeFor(bench, verb));
      const first = approved(await bench.connector[verb](call), verb);
      same(await bench.connector[verb](call), first, 'the repeat');
      same(await bench.connector.inquire(call.reference), first, 'the inquiry');
    },
  },
  {
    promise: `${verb}: a reference that an inquiry found unseen is refused when it still comes, and can be done anew`,
    async run(bench) {
      const original = await chargeFor(bench, verb);
      const call = followUpOf(bench, original);
      same(await bench.connector.inquire(call.reference), { kind: 'never' }, 'the inquiry');
      refused(await bench.connector[verb](call), 'the late call');
      approved(await bench.connector[verb](followUpOf(bench, original)), 'under a new reference');
    },
  },
  {
    promise: `${verb}: about a charge that never was is refused`,
    async run(bench) {
      const original = { reference: bench.newReference(), acquirerReference: 'none', networkTransactionId: 'none' };
      refused(await bench.connector[verb](followUpOf(bench, original)), verb);
    },
  },
  {
    promise: `${verb}: ten at once for the whole amount succeed once`,
    async run(bench) {
      const original = await chargeFor(bench, verb);
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => bench.connector[verb](followUpOf(bench, original))),
      );
      same(outcomes.filter(({ kind }) => kind === 'approved').length, 1, 'how many were approved');
    },
  },
]);

const storyChecks: Check[] = [
  {
    promise: 'a part that is captured is all that can be refunded, and releases the rest',
    async run({ connector, ...rest }) {
      const bench = { connector, ...rest };
      const original = await charged(bench, 'authorize');
      const part = { amountMinor: 6_000n, amount: '60.00' };
      approved(await connector.capture(followUpOf(bench, original, part)), 'the capture');
      refused(
        await connector.capture(followUpOf(bench, original, { amountMinor: 1n, amount: '0.01' })),
        'a second one',
      );
      refused(await connector.void(followUpOf(bench, original)), 'a void of what was captured');
      refused(
        await connector.refund(followUpOf(bench, original, { amountMinor: 6_001n, amount: '60.01' })),
        'too much',
      );
      approved(await connector.refund(followUpOf(bench, original, part)), 'the refund');
    },
  },
  {
    promise: 'more than was authorised is not captured, and nothing is refunded before a capture',
    async run(bench) {
      const original = await charged(bench, 'authorize');
      const more = { amountMinor: amountMinor + 1n, amount: '100.01' };
      refused(await bench.connector.capture(followUpOf(bench, original, more)), 'the capture');
      refused(await bench.connector.refund(followUpOf(bench, original)), 'the refund');
      approved(await bench.connector.capture(followUpOf(bench, original)), 'the right amount');
    },
  },
  {
    promise: 'what was voided is not captured',
    async run(bench) {
      const original = await charged(bench, 'authorize');
      approved(await bench.connector.void(followUpOf(bench, original)), 'the void');
      refused(await bench.connector.capture(followUpOf(bench, original)), 'the capture');
    },
  },
  {
    promise: 'a capture and a void at once: one of them succeeds',
    async run(bench) {
      const original = await charged(bench, 'authorize');
      const outcomes = await Promise.all([
        bench.connector.capture(followUpOf(bench, original)),
        bench.connector.void(followUpOf(bench, original)),
      ]);
      same(outcomes.filter(({ kind }) => kind === 'approved').length, 1, 'how many were approved');
    },
  },
  {
    promise: 'parts are refunded until nothing is left, and not a cent more',
    async run(bench) {
      const original = await charged(bench, 'purchase');
      const third = { amountMinor: 3_000n, amount: '30.00' };
      for (let part = 0; part < 3; part++) {
        approved(await bench.connector.refund(followUpOf(bench, original, third)), `part ${part + 1}`);
      }
      refused(await bench.connector.refund(followUpOf(bench, original, third)), 'too much');
      approved(await bench.connector.refund(followUpOf(bench, original, { amountMinor: 1_000n })), 'the rest');
      refused(await bench.connector.refund(followUpOf(bench, original, { amountMinor: 1n })), 'a cent more');
    },
  },
  {
    promise: 'a call that is not answered can be inquired, and was done once',
    async run(bench) {
      const { connector, silent } = bench;
      if (silent === undefined) return;
      await withCard(bench, 'approved', async (card) => {
        const call = callOf(bench, card, silent);
        same(await connector.purchase(call), { kind: 'unknown' }, 'the call');
        const found = approved((await connector.inquire(call.reference)) as Outcome, 'the inquiry');
        const original = { ...found, reference: call.reference };
        const refund = { amountMinor: silent.amountMinor - 1n, amount: '0.00' };
        approved(await connector.refund(followUpOf(bench, original, refund)), 'a refund of nearly all');
        refused(await connector.refund(followUpOf(bench, original, refund)), 'as if it had been charged twice');
      });
    },
  },
  {
    promise: 'a payment without the shopper carries the id of the one that he agreed with',
    run: (bench) =>
      withCard(bench, 'approved', async (card) => {
        const { networkTransactionId } = approved(await bench.connector.purchase(callOf(bench, card)), 'with him');
        for (const verb of ['authorize', 'purchase'] as const) {
          const call = callOf(bench, card, { initiator: 'MIT', networkTransactionId });
          const without = approved(await bench.connector[verb](call), `${verb} without him`);
          if (bench.echoesNetworkTransactionId) same(without.networkTransactionId, networkTransactionId, 'the id');
        }
      }),
  },
  {
    promise: 'it tells its name, what can be paid with, and what it knows of a card',
    run: (bench) =>
      withCard(bench, 'approved', async (card) => {
        const { name, payMethods } = bench.connector;
        demand(/^[a-z][a-z0-9-]*$/.test(name), 'the name is written into every attempt: a-z, 0-9, -');
        demand(payMethods.length > 0, 'no method can be paid with');
        const named = new Set(payMethods.map((method) => `${method.payMethodName} ${method.country}`));
        same(named.size, payMethods.length, 'methods of one name and country');
        demand(typeof bench.connector.factsOf(card.pan).type === 'string', 'factsOf knows no unknown');
        demand(!bench.connector.acceptsUnchecked(Buffer.from('0000000000000000')), 'any number is accepted unchecked');
      }),
  },
];

/** Every promise. */
export const conformance: readonly Check[] = [...withCardChecks, ...followUpChecks, ...storyChecks];
