/**
 * What a payment writes: the intent before its call, and the outcome after it. Each in a transaction of its own, or in one that
 * payments of the same road share. It must never call anybody.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import { enqueueAll, withdraw } from '../job/queue.ts';
import type { Database, Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { groupedWrites } from '../storage/grouped.ts';
import { insertAttempts } from './attempt.store.ts';
import { type Concluded, conclude, concludeAll } from './conclude.ts';
import type { Payment, Road, SharedRoad } from './road.ts';

/** When `resolve-unknown` first asks; later than any call can still be waiting. */
const resolveAfterMs = 60_000;

/** An attempt as it is recorded before its call. */
export type Recorded = Concluded & { readonly connector: string };

/** How an attempt is written down. */
export interface Steps<Settled> {
  /** False: somebody else was first, and nothing is recorded. */
  begin(attempt: Recorded): Promise<boolean>;
  /** Undefined: the outcome was known already. */
  settle(attempt: Recorded, outcome: Outcome): Promise<{ readonly value: Settled } | undefined>;
}

/** Each in a transaction of its own. */
export const alone = <Settled>(gateway: Gateway, road: Road<Settled>): Steps<Settled> => ({
  begin: (attempt) =>
    gateway.database.transaction(async (tx) => {
      if (!(await road.begin(tx))) return false;
      await recordIntents(tx, [{ attempt, now: gateway.clock.now() }]);
      return true;
    }),
  settle: (attempt, outcome) =>
    gateway.database.transaction(async (tx) => {
      const concluded = conclude(tx, attempt, outcome, gateway.clock.now());
      const [recorded] = await inOneWrite([concluded, askNoMore(tx, [{ attempt, outcome }])]);
      return recorded ? { value: await road.settle(tx, outcome) } : undefined;
    }),
});

/** In transactions that are shared by all who walk the same road. */
export function together<Subjected, Settled>(
  gateway: Gateway,
  payment: Payment,
  road: SharedRoad<Subjected, Settled>,
  subject: Subjected,
): Steps<Settled> {
  const { begin, settle } = linesOf(road);
  return {
    begin: (attempt) => begin(gateway.database, { attempt, subject, now: gateway.clock.now() }),
    settle: (attempt, outcome) =>
      settle(gateway.database, { attempt, outcome, told: { gateway, subject, payment, outcome } }),
  };
}

interface Begun<Subjected> {
  readonly attempt: Recorded;
  readonly subject: Subjected;
  readonly now: Date;
}

interface Ended<Subjected> {
  readonly attempt: Recorded;
  readonly outcome: Outcome;
  readonly told: Parameters<SharedRoad<Subjected, unknown>['settle']>[1][number];
}

interface Lines<Subjected, Settled> {
  begin(database: Database, begun: Begun<Subjected>): Promise<boolean>;
  settle(database: Database, ended: Ended<Subjected>): Promise<{ readonly value: Settled } | undefined>;
}

const lines = new WeakMap<object, unknown>();

function linesOf<Subjected, Settled>(road: SharedRoad<Subjected, Settled>): Lines<Subjected, Settled> {
  const known = lines.get(road) as Lines<Subjected, Settled> | undefined;
  if (known !== undefined) return known;
  const made: Lines<Subjected, Settled> = {
    begin: groupedWrites((tx, begun: readonly Begun<Subjected>[]) => beginAll(tx, road, begun)),
    settle: groupedWrites((tx, ended: readonly Ended<Subjected>[]) => settleAll(tx, road, ended)),
  };
  lines.set(road, made);
  return made;
}

async function beginAll<Subjected>(
  tx: Tx,
  road: SharedRoad<Subjected, unknown>,
  all: readonly Begun<Subjected>[],
): Promise<boolean[]> {
  const begun = await road.begin(
    tx,
    all.map(({ subject }) => subject),
  );
  await recordIntents(
    tx,
    all.filter(({ subject }) => begun.has(subject)),
  );
  return all.map(({ subject }) => begun.has(subject));
}

async function settleAll<Subjected, Settled>(
  tx: Tx,
  road: SharedRoad<Subjected, Settled>,
  all: readonly Ended<Subjected>[],
): Promise<({ readonly value: Settled } | undefined)[]> {
  const told = all.map(({ attempt, outcome, told: { gateway } }) => ({ attempt, outcome, now: gateway.clock.now() }));
  const [recorded] = await inOneWrite([concludeAll(tx, told), askNoMore(tx, all)]);
  const first = all.filter(({ attempt }) => recorded.has(attempt.attemptId));
  const settled = await road.settle(
    tx,
    first.map(({ told }) => told),
  );
  const values = new Map(first.map(({ attempt }, at) => [attempt.attemptId, settled[at] as Settled]));
  return all.map(({ attempt: { attemptId } }) =>
    values.has(attemptId) ? { value: values.get(attemptId) as Settled } : undefined,
  );
}

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
  const attempts = intents.map(({ attempt, now }) => ({ ...attempt, createdAt: now }));
  await Promise.all([insertAttempts(tx, attempts), enqueueAll(tx, jobs)]);
}
