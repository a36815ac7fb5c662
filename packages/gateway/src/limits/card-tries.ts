/**
 * Watches what is tried with cards, so that nobody can use a merchant's page to find out which cards live (design D-17).
 * Counts are in PostgreSQL, for all processes together. A watch that cannot count lets nothing pass unseen: the database
 * that it needs is the one that binding needs, too.
 */
import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import type { Database } from '../storage/database.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import type { Keyring } from '../vault/keyring.ts';
import { marksOf } from '../vault/mark.ts';
import { type DeclineCounts, watchDeclines } from './decline-alarm.ts';
import { addCounts, forgetCounts, readCounts, type Step, type Subject } from './limit.store.ts';
import { allowed, type Count, type Judgement, judge, type RuleName, rules } from './limit.ts';

interface Deps {
  /** Shows all merchants. */
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a merchant of whom an alarm was raised is held to 3-D Secure until it is over. */
  readonly holdOnAlarm: boolean;
}

/** A card that is about to be verified. */
interface CardTry {
  readonly merchantId: string;
  readonly merchantUserId: string;
  readonly card: CardBuffer;
  /** From where; undefined when the merchant's backend sent the card. */
  readonly network: string | undefined;
}

export interface CardTries {
  /**
   * Counts a submission before anything is done with it.
   *
   * @throws Fault TOO_MANY_REQUESTS when too many came from this network
   */
  admit(network: string): Promise<void>;
  /** Counts a card before it is verified, and says what may be done with it. */
  judge(tried: CardTry): Promise<{ readonly judgement: Judgement; approved(): Promise<void> }>;
}

/** The sandbox's: anybody may try any card, as often as he likes. */
export const unwatched: CardTries = {
  admit: async () => {},
  judge: async () => ({ judgement: 'proceed', approved: async () => {} }),
};

/** What a rule about a whole merchant counts under. */
const noSubject = Buffer.alloc(0);
const ofMerchant: readonly RuleName[] = ['merchant-hour', 'merchant-week'];
type FiveCounts = [Count, Count, Count, Count, Count];

/** Old counts are dropped about once in so many submissions. */
const forgetEvery = 1_000;

/** Counts under the marks of two weeks: one that began before the week did goes on. */
function countsOf(deps: Deps) {
  const { database, clock } = deps;

  async function subjectsOf(rule: RuleName, merchantId: string, subject: Uint8Array): Promise<Subject[]> {
    const { mark, before } = await marksOf(deps, rule, subject, clock.now());
    return [
      { merchantId, rule, mark },
      { merchantId, rule, mark: before },
    ];
  }

  /** Counts under the mark of this week, and answers for both weeks together. */
  async function countAndRead(pairs: readonly Subject[][], step: Count): Promise<Count[]> {
    const now = clock.now();
    const steps = pairs.flatMap(([current]) => (current === undefined ? [] : [{ ...current, ...step }]));
    await addCounts(database, steps, now);
    return read(pairs, now);
  }

  async function read(pairs: readonly Subject[][], now: Date): Promise<Count[]> {
    const counts = await readCounts(database, pairs.flat(), now);
    return pairs.map((_, at) => sum(counts.slice(at * 2, at * 2 + 2)));
  }
  return { subjectsOf, countAndRead, read };
}

/** Watches over all merchants together: a card is counted wherever it is tried. */
export function watchCardTries(deps: Deps): CardTries {
  const { database, clock, log } = deps;
  let submissions = 0;

  const { subjectsOf, countAndRead, read } = countsOf(deps);

  async function isAlarmed(merchantId: string, counts: Pick<DeclineCounts, 'hour' | 'week'>): Promise<boolean> {
    const alarm = await subjectsOf('merchant-alarm', merchantId, noSubject);
    const now = clock.now();
    const [alarms] = (await read([alarm], now)) as [Count];
    const raise = () => addCounts(database, [{ ...(alarm[0] as Subject), tries: 1, failures: 0 }], now);
    return watchDeclines(deps, merchantId, { ...counts, alarms }, raise);
  }

  return {
    async admit(network) {
      const bytes = Buffer.from(network);
      const [tries, day, block] = (await Promise.all([
        subjectsOf('address', '', bytes),
        subjectsOf('address-day', '', bytes),
        subjectsOf('address-block', '', bytes),
      ])) as [Subject[], Subject[], Subject[]];
      const now = clock.now();
      // Counted before it is compared: of many at once none is let through for not having seen the others.
      await addCounts(database, [{ ...(tries[0] as Subject), tries: 1, failures: 0 }], now);
      const [seen, failing, blocks] = (await read([tries, day, block], now)) as [Count, Count, Count];
      submissions += 1;
      if (submissions % forgetEvery === 0) {
        await forgetCounts(database, now);
      }
      if (blocks.tries > 0) throw tooMany('address-block');
      if (seen.tries <= allowed.addressTries && failing.failures < allowed.addressFailures) return;
      await addCounts(database, [{ ...(block[0] as Subject), tries: 1, failures: 0 }], now);
      log.warn('a network submits too many cards and is blocked for an hour');
      throw tooMany('address-block');
    },

    async judge({ merchantId, merchantUserId, card, network }) {
      const pairs = await Promise.all([
        subjectsOf('card', '', card.pan),
        subjectsOf('user', merchantId, Buffer.from(merchantUserId)),
        subjectsOf('bin', merchantId, card.pan.subarray(0, 6)),
        subjectsOf('merchant-hour', merchantId, noSubject),
        subjectsOf('merchant-week', merchantId, noSubject),
        ...(network === undefined ? [] : [subjectsOf('address-day', '', Buffer.from(network))]),
      ]);
      const countedAt = clock.now();
      const [byCard, user, bin, hour, week] = (await countAndRead(pairs, { tries: 1, failures: 1 })) as FiveCounts;
      const held = (await isAlarmed(merchantId, { hour, week })) && deps.holdOnAlarm;
      const judgement = judge({ card: byCard, user, bin }, held);
      if (judgement !== 'proceed') log.warn('a card is not simply verified', { merchantId, detail: judgement });
      const correct = (step: Count, which: readonly RuleName[]) =>
        addCounts(database, stepsOf(pairs, which, step), countedAt);
      // What never reached the issuer tells nothing of the card, nor does it use the user's day up.
      if (judgement === 'decline') await correct({ tries: -1, failures: -1 }, ['card', 'user']);
      if (judgement === 'user-full') await correct({ tries: -1, failures: -1 }, ['card', 'user', 'bin', ...ofMerchant]);
      if (judgement === 'challenge') await correct({ tries: -1, failures: -1 }, ['card']);
      const approved = () => correct({ tries: 0, failures: -1 }, ['card', 'bin', 'address-day', ...ofMerchant]);
      return {
        judgement,
        approved: () => approved().catch((error) => log.warn('an approved card stays counted as a failure', { error })),
      };
    },
  };
}

const stepsOf = (pairs: readonly Subject[][], which: readonly RuleName[], step: Count): Step[] =>
  pairs.flatMap(([current]) =>
    current !== undefined && which.includes(current.rule) ? [{ ...current, ...step }] : [],
  );

const sum = (counts: readonly Count[]): Count => ({
  tries: counts.reduce((total, { tries }) => total + tries, 0),
  failures: counts.reduce((total, { failures }) => total + failures, 0),
});

const tooMany = (rule: RuleName): Fault =>
  new Fault('TOO_MANY_REQUESTS', undefined, { retryAfterSeconds: rules[rule].windowMs / 1_000 });
