/**
 * What a payment writes: the intent before its call, and the outcome after it. Each in a transaction of its own, or in one that
 * payments of the same road share. It must never call anybody.
 */

import { machineNow } from '../clock.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import { enqueueAll, withdraw } from '../job/queue.ts';
import type { Database, Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { atOnceOrCarefully, inBatches } from '../storage/grouped.ts';
import type { Access } from '../vault/access-entry.ts';
import { auditKey, endIsGuessed } from '../vault/access-log.ts';
import type { SealingKey } from '../vault/seal.ts';
import { type CardUse, type NotedUse, noteUsesAtOnce, openUses } from '../vault/vault.ts';
import { insertAttempts } from './attempt.store.ts';
import { type Concluded, conclude, concludeAll, concludeEach } from './conclude.ts';
import type { Payment, Road, SettledTogether, SharedRoad } from './road.ts';

/** When `resolve-unknown` first asks; later than any call can still be waiting. */
const resolveAfterMs = 60_000;

/** An attempt as it is recorded before its call. */
export type Recorded = Concluded & { readonly connector: string };

/** An intent that was written down, and the use of the card with it, where that shared its transaction. */
export interface Begun {
  readonly noted?: NotedUse;
  /** Of a card in hand. */
  readonly isNoted?: boolean;
}

/** How an attempt is written down. */
export interface Steps<Settled> {
  /** Undefined: somebody else was first, and nothing is recorded. */
  begin(attempt: Recorded): Promise<Begun | undefined>;
  /** Undefined: the outcome was known already. */
  settle(attempt: Recorded, outcome: Outcome): Promise<{ readonly value: Settled } | undefined>;
}

/** Each in a transaction of its own. */
export const alone = <Settled>(gateway: Gateway, road: Road<Settled>): Steps<Settled> => ({
  begin: (attempt) =>
    gateway.database.transaction(async (tx) => {
      if (!(await road.begin(tx))) return undefined;
      tx.last(recordIntents(tx, [{ attempt, now: gateway.clock.now() }]));
      return {};
    }),
  settle: (attempt, outcome) =>
    gateway.database.transaction(async (tx) => {
      const concluded = conclude(tx, attempt, outcome, gateway.clock.now());
      tx.last(askNoMore(tx, [{ attempt, outcome }]));
      return (await concluded) ? { value: await road.settle(tx, outcome) } : undefined;
    }),
});

/** What is written down of a payment with a card: a stored card's use, or an entry for one in hand. */
export type Noting = { readonly use: CardUse } | { readonly access: Access };

/** In transactions that are shared by all who walk the same road. */
export function together<Subjected, Settled>(
  gateway: Gateway,
  payment: Payment,
  road: SharedRoad<Subjected, Settled>,
  { subject, notingOf }: { readonly subject: Subjected; notingOf(reference: string): Noting },
): Steps<Settled> {
  const { begin, settle } = linesOf(road);
  return {
    begin: async (attempt) => {
      const key = await auditKey(gateway, payment.merchantId);
      const noting = notingOf(attempt.attemptId);
      const now = gateway.clock.now();
      return begin(gateway.database, { attempt, subject, now, key, noting, usedAt: machineNow(gateway.clock) });
    },
    settle: (attempt, outcome) =>
      settle(gateway.database, { attempt, outcome, told: { gateway, subject, payment, outcome } }),
  };
}

interface Beginning<Subjected> {
  readonly attempt: Recorded;
  readonly subject: Subjected;
  readonly noting: Noting;
  /** Of the access log. */
  readonly key: SealingKey;
  readonly now: Date;
  /** Evidence shows when a thing was done, whatever time a merchant lives in. */
  readonly usedAt: Date;
}

interface Ended<Subjected> {
  readonly attempt: Recorded;
  readonly outcome: Outcome;
  readonly told: SettledTogether<Subjected>;
}

interface Lines<Subjected, Settled> {
  begin(database: Database, beginning: Beginning<Subjected>): Promise<Begun | undefined>;
  settle(database: Database, ended: Ended<Subjected>): Promise<{ readonly value: Settled } | undefined>;
}

const lines = new WeakMap<object, unknown>();

function linesOf<Subjected, Settled>(road: SharedRoad<Subjected, Settled>): Lines<Subjected, Settled> {
  const known = lines.get(road) as Lines<Subjected, Settled> | undefined;
  if (known !== undefined) return known;
  const made: Lines<Subjected, Settled> = {
    begin: inBatches((database, all: readonly Beginning<Subjected>[]) =>
      atOnceOrCarefully(database, beginAtOnce(road, all), (tx) => beginAll(tx, road, all)),
    ),
    settle: inBatches((database, ended: readonly Ended<Subjected>[]) =>
      atOnceOrCarefully(database, settleAtOnce(road, ended), (tx) => settleAll(tx, road, ended)),
    ),
  };
  lines.set(road, made);
  return made;
}

/** All of one merchant, in two writes: what must be answered first, and the rest with the commit. */
async function beginAll<Subjected>(
  tx: Tx,
  road: SharedRoad<Subjected, unknown>,
  all: readonly Beginning<Subjected>[],
): Promise<(Begun | undefined)[]> {
  const [first] = all;
  if (first === undefined) return [];
  const { key, usedAt } = first;
  const { merchantId } = first.attempt;
  const subjects = all.map(({ subject }) => subject);
  const cardIds = usesOf(all).map(({ cardId }) => cardId);
  const [rows, note] = await inOneWrite([road.begin(tx, subjects), openUses(tx, { key, merchantId, cardIds })]);
  const begun = all.filter(({ subject }) => rows.has(subject));
  await road.admit?.(
    tx,
    begun.map(({ subject }) => subject),
  );
  tx.last(recordIntents(tx, begun));
  const noted = begunWith(note(usesOf(begun), accessesOf(begun), usedAt));
  return all.map((one) => (rows.has(one.subject) ? noted(one) : undefined));
}

/** The same in one write, when nothing has to be looked at. */
function beginAtOnce<Subjected>(road: SharedRoad<Subjected, unknown>, all: readonly Beginning<Subjected>[]) {
  const [first] = all;
  const write = road.beginAtOnce?.(all.map(({ subject }) => subject));
  if (write === undefined || first === undefined || !endIsGuessed(first.key)) return undefined;
  const { key, usedAt } = first;
  const { merchantId } = first.attempt;
  return async (tx: Tx): Promise<Begun[]> => {
    const [, , noted] = await inOneWrite([
      write(tx),
      recordIntents(tx, all),
      noteUsesAtOnce(tx, { key, merchantId }, usesOf(all), accessesOf(all), usedAt),
    ]);
    return all.map(begunWith(noted));
  };
}

type Noted = Pick<Beginning<unknown>, 'noting'>;

const usesOf = (all: readonly Noted[]): CardUse[] => all.flatMap(({ noting }) => ('use' in noting ? [noting.use] : []));

const accessesOf = (all: readonly Noted[]): Access[] =>
  all.flatMap(({ noting }) => ('access' in noting ? [noting.access] : []));

function begunWith(noted: readonly NotedUse[]): (one: Noted) => Begun {
  const byUse = new Map(noted.map((one) => [one.use, one]));
  return ({ noting }) => {
    const use = 'use' in noting ? byUse.get(noting.use) : undefined;
    return use === undefined ? { isNoted: true } : { noted: use };
  };
}

async function settleAll<Subjected, Settled>(
  tx: Tx,
  road: SharedRoad<Subjected, Settled>,
  all: readonly Ended<Subjected>[],
): Promise<({ readonly value: Settled } | undefined)[]> {
  const concluded = concludeAll(tx, all.map(ending));
  tx.last(askNoMore(tx, all));
  const recorded = concluded.then(
    (ids) => new Set(all.filter(({ attempt }) => ids.has(attempt.attemptId)).map((one) => one.told)),
  );
  const settled = await road.settle(
    tx,
    all.map((one) => one.told),
    recorded,
  );
  return all.map((one) => (settled.has(one.told) ? { value: settled.get(one.told) as Settled } : undefined));
}

/** The same in one write, when nothing has to be looked at. */
function settleAtOnce<Subjected, Settled>(road: SharedRoad<Subjected, Settled>, all: readonly Ended<Subjected>[]) {
  const write = road.settleAtOnce?.(all.map(({ told }) => told));
  if (write === undefined) return undefined;
  return async (tx: Tx): Promise<{ readonly value: Settled }[]> => {
    const [, settled] = await inOneWrite([concludeEach(tx, all.map(ending)), write(tx), askNoMore(tx, all)]);
    return all.map(({ told }) => ({ value: settled.get(told) as Settled }));
  };
}

const ending = ({ attempt, outcome, told: { gateway } }: Ended<unknown>) => ({
  attempt,
  outcome,
  now: gateway.clock.now(),
});

const resolving = 'payment/resolve-unknown';

/** Whose outcome is known, of him nobody needs to ask the acquirer. */
const askNoMore = (
  tx: Tx,
  told: readonly { readonly attempt: Recorded; readonly outcome: Outcome }[],
): Promise<void> => {
  const known = told.filter(({ outcome }) => outcome.kind !== 'unknown');
  return withdraw(
    tx,
    resolving,
    known.map(({ attempt: { merchantId, attemptId } }) => ({ merchantId, lane: attemptId })),
  );
};

/** With each goes the job that asks the acquirer, should nobody write the outcome down. */
async function recordIntents(
  tx: Tx,
  intents: readonly { readonly attempt: Recorded; readonly now: Date }[],
): Promise<void> {
  if (intents.length === 0) return;
  const jobs = intents.map(({ attempt: { merchantId, attemptId }, now }) => {
    const dueAt = new Date(now.getTime() + resolveAfterMs);
    return { kind: resolving, merchantId, lane: attemptId, payload: { attemptId }, dueAt, now };
  });
  const attempts = intents.map(({ attempt, now }) => ({ createdAt: now, ...attempt }));
  await Promise.all([insertAttempts(tx, attempts), enqueueAll(tx, jobs)]);
}
