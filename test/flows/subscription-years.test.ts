/**
 * Subscriptions over years of virtual time, on a line to the acquirer that goes silent and loses calls, a database whose commits
 * break, cards that are declined, and jobs that run again: every period comes once, on its day, is charged what was agreed and is paid
 * once at most; the acquirer's own books agree. At full size, over two years: `npm run prove:subscriptions -- <seed>`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connector } from '../../packages/gateway/src/connector/connector.ts';
import { advanceClock, freezeClock, showClock } from '../../packages/gateway/src/job/travel.ts';
import { type PeriodType, type Plan, startOf } from '../../packages/gateway/src/subscription/period.ts';
import { amountOf, type Terms } from '../../packages/gateway/src/subscription/terms.ts';
import { type CommitCutter, startCommitCutter } from '../kit/commit-cutter.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { subscriptionOf } from '../kit/subscription.ts';

const isFull = process.env.PROOF_SIZE === 'full';
const seed = Number(process.env.PROOF_SEED ?? 20_261_123);
const size = isFull
  ? { groups: 4, each: 250, days: 731, minuteMs: 1_000, cutEvery: 3 }
  : { groups: 1, each: 12, days: 100, minuteMs: 100, cutEvery: 1 };
const creators = 64;
const count = size.groups * size.each;
const dayMs = 86_400_000;

let gateway: TestGateway;
let cutter: CommitCutter;
let machine: NodeJS.Timeout;
let line: { isRough: boolean; calls: number; faults: number };
beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_LOG_LEVEL: 'error' }, async (url) => {
    cutter = startCommitCutter(url);
    return cutter.url;
  });
  line = roughLine(gateway.app.gateway.connectors.of(gateway.merchant.merchantId));
  // Leases are of the machine's time, in which a worker that lost its database is taken for dead after a minute.
  machine = setInterval(() => gateway.clock.moveTo(new Date(gateway.clock.now().getTime() + 61_000)), size.minuteMs);
});
afterAll(async () => {
  clearInterval(machine);
  await gateway.stop();
  cutter.stop();
});

/** The merchant's clock; whoever drives it has a line of his own to the database. */
const clock = () => ({ ...gateway.app.gateway, database: gateway.database });
const travel = (by: string) => advanceClock(clock(), gateway.merchant.merchantId, { by }, gateway.app.gateway);
const now = async () => (await showClock(clock(), gateway.merchant.merchantId)).now;

/** Mulberry32. */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

/** Of twelve calls one is declined, one is done and not answered, and one is lost. */
function roughLine(connector: Connector): typeof line {
  const purchase = connector.purchase.bind(connector);
  const wire = { isRough: true, calls: 0, faults: 0 };
  connector.purchase = async (call) => {
    wire.calls += 1;
    // By the number of the call, not by chance: calls made at once come in any order.
    const fate = wire.isRough ? wire.calls % 12 : 0;
    if (![1, 4, 7].includes(fate)) return purchase(call);
    wire.faults += 1;
    if (fate === 1) return { kind: 'declined', reason: 'INSUFFICIENT_FUNDS' };
    if (fate === 4) await purchase(call);
    return { kind: 'unknown' };
  };
  return wire;
}

function someProduct(): object {
  const [periodType, periodInterval] = oneOf<readonly [PeriodType, string]>([
    ['MONTHLY', '1'],
    ['MONTHLY', '3'],
    ['MONTHLY', '3'],
    ['MONTHLY', '6'],
    ['MONTHLY', '6'],
    ['MONTHLY', '12'],
    ['MONTHLY', '12'],
    ['WEEKLY', '13'],
    ['DAILY', '91'],
  ]);
  const trial = {
    numberOfTrialPeriod: '1',
    trialPeriodType: 'DAILY',
    trialPeriodInterval: '7',
    trialPeriodAmount: '1.00',
  };
  return {
    description: 'Tea',
    periodType,
    periodInterval,
    ...(random() < 0.3 && trial),
    ...(random() < 0.3 && { numberOfPeriod: oneOf(['2', '3', '12']) }),
    ...(random() < 0.3 && { scheduledAmounts: [{ period: '2', amount: '50.00' }] }),
  };
}

/** Subscriptions that begin over some months, also on the last days of a month. */
async function subscribeAll(): Promise<string[]> {
  const tokens = [await gateway.bind(), await gateway.bind()];
  const ids: string[] = [];
  for (let group = 0; group < size.groups; group++) {
    await travel('73h');
    const bodies = Array.from({ length: size.each }, () =>
      subscriptionOf(gateway, { tokenId: oneOf(tokens), productInfo: someProduct() }),
    );
    await Promise.all(Array.from({ length: creators }, () => subscribeEach(bodies, ids)));
  }
  return ids;
}

async function subscribeEach(bodies: Record<string, unknown>[], ids: string[]): Promise<void> {
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    const { data } = await gateway.call('/subscription/create', body);
    if (data !== null) ids.push(data.subscriptionId);
  }
}

/** A job whose worker lost its lease after it had worked. */
const repeatOldJobs = async () =>
  gateway.database.rows(
    {
      name: 'test/repeat-jobs',
      text: `insert into job (merchant_id, kind, payload, due_at, created_at)
       select merchant_id, 'subscription/renew',
         jsonb_build_object('subscriptionId', subscription_id, 'period', period, 'attempt', try), $1, $1
       from subscription_charge order by md5(acquiring_order_id || $2) limit 5`,
    },
    [await now(), String(random())],
  );

interface Paid {
  readonly subscription_id: string;
  readonly period: number;
  readonly state: string;
  readonly tries: number;
  readonly amounts: string[] | null;
  readonly first_at: Date | null;
  readonly taken: number;
}

/** Each period, with what the acquirer's books have of it. */
const periods = () =>
  gateway.database.rows<Paid>({
    name: 'test/periods',
    text: `select p.subscription_id, p.period, p.status as state, p.tries,
        array_agg(distinct o.amount) as amounts, min(o.created_at) as first_at,
        (count(s.reference) filter (where s.outcome->>'kind' = 'approved'))::integer as taken
      from subscription_period p
      join subscription_charge c using (merchant_id, subscription_id, period)
      join payment_order o using (merchant_id, acquiring_order_id)
      left join payment_attempt a on a.merchant_id = c.merchant_id and a.subject_id = c.acquiring_order_id
      left join sandbox_transaction s on s.reference = a.attempt_id::text
      group by 1, 2, 3, 4 order by 1, 2`,
  });

interface Row {
  readonly subscription_id: string;
  readonly status: string;
  readonly terms: Terms;
  readonly anchor: Date | null;
}

const subscriptions = () =>
  gateway.database.rows<Row>({
    name: 'test/subscriptions',
    text: 'select subscription_id, status, terms, anchor from subscription',
  });

/** How many periods have begun, and how many there are; by walking, not by the number that the gateway keeps. */
function begun(plan: Plan, anchor: Date, until: Date): { readonly all: number; readonly isOver: boolean } {
  const last = plan.periods === undefined ? Number.POSITIVE_INFINITY : plan.periods + (plan.trial?.periods ?? 0);
  let all = 0;
  while (all < last && startOf({ plan, anchor, anchorPeriod: 1 }, all + 1) <= until) all++;
  return { all, isOver: all === last && startOf({ plan, anchor, anchorPeriod: 1 }, last + 1) <= until };
}

/** Notifications of one subscription; one that was delivered twice counts once. */
function toldOf(): Map<string, number> {
  const told = new Map<string, number>();
  const seen = new Set<unknown>();
  for (const { event, headers } of gateway.receiver.received) {
    if (!event.eventType.startsWith('SUBSCRIPTION') || seen.has(headers['webhook-id'])) continue;
    seen.add(headers['webhook-id']);
    const key = `${event.result.subscriptionId} ${event.eventType.split('_')[1]}`;
    told.set(key, (told.get(key) ?? 0) + 1);
  }
  return told;
}

test(
  `${size.days} days of ${count} subscriptions, seed ${seed}: each period once, on its day, at its price`,
  async () => {
    line.isRough = false;
    await freezeClock(clock(), gateway.merchant.merchantId, undefined, gateway.app.gateway);
    const ids = await subscribeAll();
    expect(ids).toHaveLength(count);
    line.isRough = true;
    for (let day = 0; day < size.days; day += 10) {
      if ((day / 10) % size.cutEvery === 0) cutter.arm(1 + Math.floor(random() * 30), oneOf(['before', 'after']));
      await repeatOldJobs();
      await travel('10d');
      cutter.disarm();
      if (isFull && day % 100 === 0) console.log(`day ${day}: ${line.calls} charges, ${cutter.cuts()} broken commits`);
    }
    line.isRough = false;
    // What is open is tried and asked after for the last time.
    await travel('3d');
    const rows = await periods();
    const told = toldOf();
    const end = await now();
    const wrong: string[] = [];
    for (const { subscription_id: id, status, terms, anchor } of await subscriptions()) {
      const own = rows.filter((row) => row.subscription_id === id);
      if (anchor === null) throw new Error(`${id} never began`);
      const { all, isOver } = begun(terms.plan, anchor, end);
      const say = (what: string) => wrong.push(`${id} ${JSON.stringify(terms)} ${what}`);
      if (status !== (isOver ? 'EXPIRED' : 'ACTIVE')) say(`is ${status}`);
      if (own.map(({ period }) => period).join() !== Array.from({ length: all }, (_, n) => n + 1).join())
        say(`has periods ${own.map(({ period }) => period)} of ${all}`);
      for (const { period, state, amounts, first_at, taken, tries } of own) {
        const start = startOf({ plan: terms.plan, anchor, anchorPeriod: 1 }, period);
        if (taken !== (state === 'PAID' ? 1 : 0)) say(`period ${period} is ${state} and was taken ${taken} times`);
        if (!['PAID', 'FAILED'].includes(state)) say(`period ${period} is ${state}`);
        if (tries > 2) say(`period ${period} was tried ${tries} times`);
        if (amounts?.join() !== amountOf(terms, period)) say(`period ${period} cost ${amounts}`);
        const lateMs = (first_at?.getTime() ?? 0) - start.getTime();
        if (period > 1 && (lateMs < 0 || lateMs > 2 * dayMs)) say(`period ${period} was charged ${lateMs} ms late`);
      }
      if (told.get(`${id} STATUS`) !== (isOver ? 2 : 1)) say(`told ${told.get(`${id} STATUS`)} statuses`);
      if ((told.get(`${id} PERIOD`) ?? 0) !== all - 1) say(`told ${told.get(`${id} PERIOD`)} periods of ${all}`);
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    const states = rows.map(({ state: ended }) => ended);
    const failed = states.filter((ended) => ended === 'FAILED').length;
    console.log(
      `seed ${seed}: ${ids.length} subscriptions, ${rows.length} periods, ${failed} of them unpaid; ${line.calls} charges, ${line.faults} went wrong; ${cutter.cuts()} commits broke`,
    );
    // Nothing went wrong: nothing was proved.
    expect(line.faults).toBeGreaterThan(1);
    expect(cutter.cuts()).toBeGreaterThan(0);
  },
  isFull ? 900_000 : 60_000,
);
