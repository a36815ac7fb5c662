/**
 * Moves a sandbox merchant's clock. A trip stops at each moment at which something of the merchant falls due, and goes on
 * only when that is done by the gateways that run; it does no such work itself. Where it goes is written down first, so
 * that a trip which was cut short can be taken up again. A clock never goes back: what it showed may be stored.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { setAgainst } from '../clock.ts';
import { AdministrationRefused } from '../merchant/administer.ts';
import { findMerchant } from '../merchant/find.ts';
import { type ClockRow, findClock, findWork, lockClock, saveClock } from './clock.store.ts';
import type { ClockDeps } from './merchant-clock.ts';

/** How a merchant's clock stands, as an operator sees it. */
export interface ClockView {
  readonly merchantId: string;
  /** `real` shows real time; `ahead` runs ahead of it; `frozen` stands still; `travelling` has not arrived. */
  readonly state: 'real' | 'ahead' | 'frozen' | 'travelling';
  readonly now: Date;
  /** When the next work of the merchant falls due, by its own time. */
  readonly nextDue: Date | null;
  readonly target: Date | null;
}

export interface Trip {
  /** Told at each stop where the clock stands, where it stood when this drive began, and where it goes. */
  readonly onStop?: (stop: { readonly from: Date; readonly at: Date; readonly target: Date }) => void;
  /** Tells the runner of this process that there may be work. */
  readonly nudge?: () => void;
}

const dayMs = 86_400_000;
const longestTripMs = 5 * 366 * dayMs;
const mostStops = 100_000;
/** How long a stop may take in real time: longer than a lease, so that work of a killed process is taken up again. */
const stopPatienceMs = 150_000;
const lookEveryMs = 15;
/** Many stops are over sooner. */
const soonMs = 5;
const soonLooks = 3;
/** How long a drive is believed in after its last sign of life. */
const drivenMs = 10_000;

/** Where to: a moment, a duration such as `31d`, `12h`, `30m` or `45s`, the next due moment, or where a trip was going. */
export const journey = z.union([
  z.strictObject({ to: z.iso.datetime({ offset: true }) }),
  z.strictObject({ by: z.string().regex(/^[1-9]\d{0,5}[dhms]$/, 'e.g. 31d, 12h, 30m or 45s') }),
  z.strictObject({ toNextDue: z.literal(true) }),
  z.strictObject({ resume: z.literal(true) }),
]);
export type Journey = z.infer<typeof journey>;

export const stillness = z.strictObject({ at: z.iso.datetime({ offset: true }).optional() });

/** @throws AdministrationRefused MERCHANT_UNKNOWN */
export async function showClock(deps: ClockDeps, merchantId: string): Promise<ClockView> {
  await requireSandboxMerchant(deps, merchantId);
  const row = await findClock(deps.database, merchantId);
  const now = setAgainst(deps.clock, row).now();
  const { waiting, next } = await findWork(deps.database, merchantId, now);
  return {
    merchantId,
    state: stateOf(row),
    now,
    nextDue: waiting > 0 ? now : (next ?? null),
    target: row?.target ?? null,
  };
}

function stateOf(row: ClockRow | undefined): ClockView['state'] {
  if (row === undefined) return 'real';
  if (row.target !== undefined) return 'travelling';
  return row.frozenAt === undefined ? 'ahead' : 'frozen';
}

/**
 * Makes a clock stand still, at once or after a trip.
 *
 * @param at - where, ISO 8601; where it is when absent
 * @throws AdministrationRefused for a moment that has passed, and in production
 */
export async function freezeClock(
  deps: ClockDeps,
  merchantId: string,
  at?: string,
  trip: Trip = {},
): Promise<ClockView> {
  await start(deps, merchantId, (now) => ({ target: at === undefined ? now : new Date(at), runsAfter: false }));
  return drive(deps, merchantId, trip);
}

/**
 * Moves a clock forward; one that ran runs on from there, one that stood stands there.
 *
 * @throws AdministrationRefused for a moment that has passed, a trip over more than five years, and in production
 * @example await advanceClock(gateway, 'M1', { by: '31d' })
 */
export async function advanceClock(
  deps: ClockDeps,
  merchantId: string,
  where: Journey,
  trip: Trip = {},
): Promise<ClockView> {
  await requireSandboxMerchant(deps, merchantId);
  const next = 'toNextDue' in where ? (await showClock(deps, merchantId)).nextDue : undefined;
  if (next === null)
    throw new AdministrationRefused('SETTING_INVALID', `nothing of ${merchantId} is going to fall due`);
  await start(deps, merchantId, (now, row) => {
    const runsAfter = row === undefined || (row.target === undefined ? row.frozenAt === undefined : row.runsAfter);
    if ('resume' in where) {
      if (row?.target === undefined) throw new AdministrationRefused('SETTING_INVALID', 'no trip was cut short');
      return { target: row.target, runsAfter };
    }
    if ('to' in where) return { target: new Date(where.to), runsAfter };
    return { target: next ?? new Date(now.getTime() + msOf('by' in where ? where.by : '')), runsAfter };
  });
  return drive(deps, merchantId, trip);
}

/** Lets a clock run. It returns to real time, unless that would be going back: then it runs on ahead of real time. */
export async function releaseClock(deps: ClockDeps, merchantId: string, trip: Trip = {}): Promise<ClockView> {
  await start(deps, merchantId, (now) => ({
    target: new Date(Math.max(now.getTime(), deps.clock.now().getTime())),
    runsAfter: true,
  }));
  return drive(deps, merchantId, trip);
}

const unitMs: Readonly<Record<string, number>> = { d: dayMs, h: 3_600_000, m: 60_000, s: 1_000 };
const msOf = (duration: string): number => Number(duration.slice(0, -1)) * (unitMs[duration.slice(-1)] ?? 0);

/** Writes down where a trip goes; from here on the clock stands still between stops. */
async function start(
  deps: ClockDeps,
  merchantId: string,
  plan: (now: Date, row: ClockRow | undefined) => { readonly target: Date; readonly runsAfter: boolean },
): Promise<void> {
  await requireSandboxMerchant(deps, merchantId);
  await deps.database.transaction(async (tx) => {
    const row = await lockClock(tx, merchantId);
    const machine = deps.clock.now();
    if (row?.drivenUntil !== undefined && row.drivenUntil > machine)
      throw new AdministrationRefused('SETTING_INVALID', `the clock of ${merchantId} is travelling; wait for it`);
    const now = setAgainst(deps.clock, row).now();
    const to = plan(now, row);
    const shows = `the clock of ${merchantId} shows ${now.toISOString()}`;
    if (to.target < now) throw new AdministrationRefused('SETTING_INVALID', `${shows}; it does not go back`);
    if (to.target.getTime() - now.getTime() > longestTripMs)
      throw new AdministrationRefused('SETTING_INVALID', `${shows}; one trip takes it five years ahead at most`);
    await saveClock(tx, merchantId, { frozenAt: now, aheadMs: 0, ...to, drivenUntil: later(machine, drivenMs) });
  });
}

async function drive(deps: ClockDeps, merchantId: string, trip: Trip): Promise<ClockView> {
  const from = setAgainst(deps.clock, await findClock(deps.database, merchantId)).now();
  for (let stop = 0; stop < mostStops; stop++) {
    const next = await quiet(deps, merchantId, trip);
    const row = await step(deps, merchantId, next);
    if (row?.target === undefined) return showClock(deps, merchantId);
    const at = setAgainst(deps.clock, row).now();
    trip.onStop?.({ from, at, target: row.target });
  }
  throw new AdministrationRefused(
    'SETTING_INVALID',
    'the trip has too many stops; take it up again, without saying how far',
  );
}

/** Waits until all that is due is done; answers when something is due next. */
async function quiet(deps: ClockDeps, merchantId: string, { nudge }: Trip): Promise<Date | undefined> {
  // It stands still until we move it.
  const now = setAgainst(deps.clock, await findClock(deps.database, merchantId)).now();
  for (let looks = 0; looks * lookEveryMs < stopPatienceMs; looks++) {
    const { waiting, next } = await findWork(deps.database, merchantId, now);
    if (waiting === 0) return next;
    // A runner that was told looks again by itself whenever something of it ends.
    if (looks % 20 === 0) nudge?.();
    if (looks % 100 === 0) await step(deps, merchantId, now);
    await pause(looks < soonLooks ? soonMs : lookEveryMs);
  }
  throw new AdministrationRefused(
    'SETTING_INVALID',
    `the work of ${merchantId} that is due does not end; is a gateway running? The trip can be taken up again`,
  );
}

/** Moves on to the next stop, or arrives when there is none before the target. */
function step(deps: ClockDeps, merchantId: string, next: Date | undefined): Promise<ClockRow | undefined> {
  return deps.database.transaction(async (tx) => {
    const row = await lockClock(tx, merchantId);
    if (row?.target === undefined || row.frozenAt === undefined) return row;
    const { target, frozenAt, runsAfter } = row;
    const to =
      next === undefined || next > target ? arrived(deps, target, frozenAt, runsAfter) : { ...row, frozenAt: next };
    const saved = to && { ...to, drivenUntil: to.target && later(deps.clock.now(), drivenMs) };
    await saveClock(tx, merchantId, saved);
    return saved;
  });
}

/** At the target it stands, runs on, or falls in with real time. */
function arrived(deps: ClockDeps, target: Date, frozenAt: Date, runsAfter: boolean): ClockRow | undefined {
  // What falls due at the target itself is done before the trip ends.
  if (frozenAt < target) return { frozenAt: target, aheadMs: 0, target, runsAfter, drivenUntil: undefined };
  const ended = { target: undefined, runsAfter: false, drivenUntil: undefined };
  if (!runsAfter) return { frozenAt: target, aheadMs: 0, ...ended };
  const aheadMs = target.getTime() - deps.clock.now().getTime();
  return aheadMs <= 0 ? undefined : { frozenAt: undefined, aheadMs, ...ended };
}

/** @throws AdministrationRefused */
async function requireSandboxMerchant({ config, database }: ClockDeps, merchantId: string): Promise<void> {
  if (config.environment === 'production')
    throw new AdministrationRefused(
      'SETTING_INVALID',
      'live merchants live in real time; only the clock of a sandbox moves',
    );
  if ((await findMerchant({ database }, merchantId)) === undefined)
    throw new AdministrationRefused('MERCHANT_UNKNOWN', `there is no merchant ${merchantId}`);
}

const later = (moment: Date, ms: number): Date => new Date(moment.getTime() + ms);
