/**
 * Whatever happens in whatever order (a commit breaks as when a process is killed, the acquirer declines, is silent or loses a call, jobs run
 * again and at once, the clock travels, the price changes, the shopper leaves), no period is paid twice and none is left out. A
 * sequence that fails is printed, shrunk, with its seed; give that seed in PROOF_SEED to see it again.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connector } from '../../packages/gateway/src/connector/connector.ts';
import { forMerchant } from '../../packages/gateway/src/gateway.ts';
import { advanceClock, freezeClock, showClock } from '../../packages/gateway/src/job/travel.ts';
import { startOf } from '../../packages/gateway/src/subscription/period.ts';
import { renew } from '../../packages/gateway/src/subscription/renew.ts';
import type { Terms } from '../../packages/gateway/src/subscription/terms.ts';
import { type CommitCutter, startCommitCutter } from '../kit/commit-cutter.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { subscriptionOf } from '../kit/subscription.ts';

const seed = Number(process.env.PROOF_SEED ?? 20_261_124);
const numRuns = process.env.PROOF_SIZE === 'full' ? 200 : 6;

type Fate = 'approved' | 'declined' | 'done-and-silent' | 'lost';

let gateway: TestGateway;
let cutter: CommitCutter;
let machine: NodeJS.Timeout;
/** What becomes of the next calls; good when there are none. */
const fates: Fate[] = [];
beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_LOG_LEVEL: 'error' }, async (url) => {
    cutter = startCommitCutter(url);
    return cutter.url;
  });
  setFates(gateway.app.gateway.connectors.of(gateway.merchant.merchantId));
  // Leases are of the machine's time, in which a worker that lost its database is taken for dead after a minute.
  machine = setInterval(() => gateway.clock.moveTo(new Date(gateway.clock.now().getTime() + 61_000)), 100);
});
afterAll(async () => {
  clearInterval(machine);
  await gateway.stop();
  cutter.stop();
});

function setFates(connector: Connector): void {
  const purchase = connector.purchase.bind(connector);
  connector.purchase = async (call) => {
    const fate = fates.shift() ?? 'approved';
    if (fate === 'declined') return { kind: 'declined', reason: 'INSUFFICIENT_FUNDS' };
    if (fate !== 'lost') {
      const answer = await purchase(call);
      if (fate === 'approved') return answer;
    }
    return { kind: 'unknown' };
  };
}

type Step =
  | { readonly do: 'travel'; readonly days: number }
  | { readonly do: 'break'; readonly commit: number; readonly at: 'before' | 'after' }
  | { readonly do: 'line'; readonly fates: readonly Fate[] }
  | { readonly do: 'again' | 'leave' }
  | { readonly do: 'price'; readonly amount: number };

const fate = fc.constantFrom<Fate>('approved', 'declined', 'done-and-silent', 'lost');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('travel' as const), days: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      commit: fc.integer({ min: 1, max: 8 }),
      at: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('line' as const), fates: fc.array(fate, { maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'again' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('price' as const), amount: fc.integer({ min: 100, max: 150 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'leave' as const }) },
);

/** Whoever drives the clock has a line of his own to the database. */
const clock = () => ({ ...gateway.app.gateway, database: gateway.database });
const merchantId = () => gateway.merchant.merchantId;
const travel = (by: string) => advanceClock(clock(), merchantId(), { by }, gateway.app.gateway);

/** A worker that takes a job for its own, several times at once and on the broken line, too. */
async function again(subscriptionId: string): Promise<void> {
  const ours = await forMerchant(gateway.app.gateway, merchantId());
  const [row] = await rowsOf<{ period: number }>(`select period from subscription where subscription_id = $1`, [
    subscriptionId,
  ]);
  const { period = 1 } = row ?? {};
  const jobs = [period, period, period + 1].flatMap((at) => [1, 2].map((attempt) => ({ period: at, attempt })));
  // What is due only: nobody queues a period before its day.
  const due = jobs.filter((job) => job.period === period);
  await Promise.allSettled(
    due.map((job) => renew(ours, { merchantId: merchantId(), payload: { subscriptionId, ...job } })),
  );
}

const rowsOf = <T>(text: string, values: unknown[]): Promise<T[]> =>
  gateway.database.rows<T & object>({ name: `test/sequences/${text.slice(0, 40)}`, text }, values) as Promise<T[]>;

interface Period {
  readonly period: number;
  readonly state: string;
  /** How often the acquirer's books have it approved. */
  readonly taken: number;
}

const periodsOf = (subscriptionId: string) =>
  rowsOf<Period>(
    `select p.period, p.status as state,
       (count(s.reference) filter (where s.outcome->>'kind' = 'approved'))::integer as taken
     from subscription_period p
     left join subscription_charge c using (merchant_id, subscription_id, period)
     left join payment_attempt a on a.merchant_id = c.merchant_id and a.subject_id = c.acquiring_order_id
     left join sandbox_transaction s on s.reference = a.attempt_id::text
     where p.subscription_id = $1 group by 1, 2 order by 1`,
    [subscriptionId],
  );

const isOpen = ({ state }: Period): boolean => !['PAID', 'FAILED'].includes(state);

/** What is open is tried, and asked after, until it is decided: that takes days, not weeks. */
async function decided(subscriptionId: string): Promise<Period[]> {
  for (let day = 0; day < 5; day++) {
    await travel('1d');
    const periods = await periodsOf(subscriptionId);
    if (!periods.some(isOpen)) return periods;
  }
  throw new Error(`undecided: ${JSON.stringify((await periodsOf(subscriptionId)).filter(isOpen))}`);
}

async function perform(one: Step, subscriptionId: string): Promise<void> {
  switch (one.do) {
    case 'travel':
      return void (await travel(`${one.days}d`));
    case 'break':
      return cutter.arm(one.commit, one.at);
    case 'line':
      return void fates.push(...one.fates);
    case 'again':
      return again(subscriptionId);
    case 'price':
      return void (await gateway.call('/subscription/update', { subscriptionId, amount: `${one.amount}.00` }));
    default:
      return void (await gateway.call('/subscription/cancel', { subscriptionId }));
  }
}

async function subscribed(): Promise<string> {
  const tokenId = await gateway.bind({}, freshId('user'));
  const body = subscriptionOf(gateway, {
    tokenId,
    productInfo: { description: 'Tea', periodType: 'DAILY', periodInterval: '9' },
  });
  const { data, raw } = await gateway.call('/subscription/create', body);
  if (data?.subscriptionStatus !== 'ACTIVE') throw new Error(`not active: ${raw}`);
  return data.subscriptionId;
}

test(
  `no sequence of kills, retries and moves of the clock pays a period twice or leaves one out (${numRuns} sequences)`,
  async () => {
    await freezeClock(clock(), merchantId(), undefined, gateway.app.gateway);
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const id = await subscribed();
        for (const one of steps) {
          await perform(one, id);
          for (const { period, taken } of await periodsOf(id)) expect([period, taken > 1]).toEqual([period, false]);
        }
        cutter.disarm();
        fates.length = 0;
        const periods = await decided(id);
        for (const { state, taken } of periods) expect(taken).toBe(state === 'PAID' ? 1 : 0);
        const [row] = await rowsOf<{ status: string; terms: Terms; anchor: Date }>(
          'select status, terms, anchor from subscription where subscription_id = $1',
          [id],
        );
        if (row === undefined) throw new Error('the subscription is gone');
        expect(periods.map(({ period }) => period)).toEqual(periods.map((_, at) => at + 1));
        if (row.status === 'ACTIVE') {
          const { now } = await showClock(clock(), merchantId());
          const next = startOf({ plan: row.terms.plan, anchor: row.anchor, anchorPeriod: 1 }, periods.length + 1);
          expect(next.getTime()).toBeGreaterThan(now.getTime());
        }
        moved += periods.length;
        await gateway.call('/subscription/cancel', { subscriptionId: id });
      }),
      { seed, numRuns, endOnFailure: process.env.PROOF_SIZE !== 'full' },
    );
    console.log(`seed ${seed}: ${numRuns} sequences, ${moved} periods, ${cutter.cuts()} commits broke`);
    expect(moved).toBeGreaterThan(numRuns);
    expect(cutter.cuts()).toBeGreaterThan(0);
  },
  process.env.PROOF_SIZE === 'full' ? 3_600_000 : 120_000,
);
