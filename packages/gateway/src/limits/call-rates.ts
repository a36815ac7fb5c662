/**
 * How often callers may call. Each process counts for itself and shares its counts through PostgreSQL a few times a second, so
 * that a call costs no statement; all processes together may be over by what they do in that time. A database that is
 * away stops the sharing, not the counting.
 */
import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import type { Database } from '../storage/database.ts';
import type { Keyring } from '../vault/keyring.ts';
import { marksOf } from '../vault/mark.ts';
import { addCounts, readCounts, type Subject } from './limit.store.ts';
import { type RuleName, rules, slotOf } from './limit.ts';

interface Deps {
  /** Shows all merchants. */
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
}
type Rated = Extract<RuleName, 'calls' | 'touches'>;

type Rate = Readonly<Record<Rated, number>>;

export interface CallRates {
  /**
   * Counts a call.
   *
   * @param subject - a merchant's id for `calls`, a network for `touches`
   * @throws Fault TOO_MANY_REQUESTS with the time until the next slot
   */
  count(rule: Rated, subject: string): void;
  /**
   * Takes a place among a merchant's calls under way.
   *
   * @param yields - an inquiry: refused a little earlier, so that it never takes the last places from payments
   * @returns gives the place back
   * @throws Fault TOO_MANY_REQUESTS
   */
  enter(merchantId: string, yields: boolean): () => void;
  stop(): void;
}

export const unlimited: CallRates = { count: () => {}, enter: () => () => {}, stop: () => {} };

const shareEveryMs = 250;
/** Calls of one merchant at a time. */
export const mostUnderWay = 50;
const mostUnderWayThatYield = 40;

interface Tally {
  readonly rule: Rated;
  readonly subject: string;
  readonly slot: number;
  /** Of all processes, when it was last shared; includes what we shared. */
  shared: number;
  own: number;
}

/** @param rate - calls per second, over ten seconds */
export function limitCallRates(deps: Deps, rate: Rate): CallRates {
  const { clock, log } = deps;
  const tallies = new Map<string, Tally>();
  const underWay = new Map<string, number>();
  let timer: { cancel(): void } | undefined;
  let isStopped = false;

  function tallyOf(rule: Rated, subject: string): Tally {
    const slot = slotOf(rule, clock.now()).getTime();
    const id = `${rule}/${subject}`;
    const kept = tallies.get(id);
    if (kept?.slot === slot) return kept;
    const fresh: Tally = { rule, subject, slot, shared: 0, own: 0 };
    tallies.set(id, fresh);
    return fresh;
  }

  async function share(): Promise<void> {
    timer = undefined;
    const now = clock.now();
    const current = [...tallies].filter(([id, tally]) => {
      const isOver = tally.slot !== slotOf(tally.rule, now).getTime();
      if (isOver) tallies.delete(id);
      return !isOver;
    });
    const moving = current.map(([, tally]) => ({ tally, own: tally.own }));
    try {
      const subjects = await Promise.all(moving.map(({ tally }) => subjectOf(deps, tally)));
      const steps = subjects.map((subject, at) => ({ ...subject, tries: moving[at]?.own ?? 0, failures: 0 }));
      const news = steps.filter(({ tries }) => tries > 0);
      await addCounts(deps.database, news, now);
      const counts = await readCounts(deps.database, subjects, now);
      for (const [at, { tally, own }] of moving.entries()) {
        tally.own -= own;
        tally.shared = counts[at]?.tries ?? tally.shared;
      }
    } catch (error) {
      log.warn('call rates could not be shared with other processes', { error });
    }
    if (tallies.size > 0) schedule();
  }

  function schedule(): void {
    if (timer === undefined && !isStopped) timer = clock.after(shareEveryMs, () => void share());
  }

  return {
    count(rule, subject) {
      const tally = tallyOf(rule, subject);
      const most = rate[rule] * (rules[rule].slotMs / 1_000);
      if (tally.shared + tally.own >= most) {
        const endsInMs = tally.slot + rules[rule].slotMs - clock.now().getTime();
        throw tooMany(Math.ceil(endsInMs / 1_000));
      }
      tally.own += 1;
      schedule();
    },
    enter(merchantId, yields) {
      const taken = underWay.get(merchantId) ?? 0;
      if (taken >= (yields ? mostUnderWayThatYield : mostUnderWay)) throw tooMany(1);
      underWay.set(merchantId, taken + 1);
      return () => {
        const left = (underWay.get(merchantId) ?? 1) - 1;
        if (left > 0) underWay.set(merchantId, left);
        else underWay.delete(merchantId);
      };
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}

async function subjectOf(deps: Deps, { rule, subject }: Tally): Promise<Subject> {
  if (rule === 'calls') return { merchantId: subject, rule, mark: Buffer.alloc(0) };
  const { mark } = await marksOf(deps, rule, Buffer.from(subject), deps.clock.now());
  return { merchantId: '', rule, mark };
}

const tooMany = (retryAfterSeconds: number): Fault => new Fault('TOO_MANY_REQUESTS', undefined, { retryAfterSeconds });
