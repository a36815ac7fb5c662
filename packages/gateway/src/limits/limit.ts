/**
 * The limits against card testing and floods (design D-17), as a table and one judgement over counts. A try counts as a
 * failure until it is known to be none, so that many at once are not judged before any of them has failed.
 */

export type RuleName =
  | 'address'
  | 'address-day'
  | 'address-block'
  | 'card'
  | 'user'
  | 'bin'
  | 'merchant-hour'
  | 'merchant-week'
  | 'merchant-alarm'
  | 'calls'
  | 'touches';

interface Rule {
  /** How far back it looks. */
  readonly windowMs: number;
  /** How finely: a count leaves the window when its whole slot has. */
  readonly slotMs: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const rules: Readonly<Record<RuleName, Rule>> = {
  /** Submissions from one network. */
  address: { windowMs: 10 * minute, slotMs: minute },
  /** Failing submissions from one network. */
  'address-day': { windowMs: 24 * hour, slotMs: hour },
  /** A network that broke one of the two. */
  'address-block': { windowMs: hour, slotMs: minute },
  /** Verifications of one card, at all merchants. */
  card: { windowMs: 24 * hour, slotMs: hour },
  /** New cards of one user of a merchant. */
  user: { windowMs: 24 * hour, slotMs: hour },
  /** Verifications of cards of one BIN at a merchant. */
  bin: { windowMs: 10 * minute, slotMs: minute },
  /** Verifications at one merchant. */
  'merchant-hour': { windowMs: hour, slotMs: 5 * minute },
  /** The same, for what is usual there. */
  'merchant-week': { windowMs: 7 * 24 * hour, slotMs: hour },
  /** A merchant of whom the operator was told. */
  'merchant-alarm': { windowMs: hour, slotMs: minute },
  /** Signed calls of one merchant. */
  calls: { windowMs: 10 * second, slotMs: 10 * second },
  /** Browsers' calls from one network. */
  touches: { windowMs: 10 * second, slotMs: 10 * second },
};

/** How much is allowed; one more is refused. */
export const allowed = {
  addressTries: 20,
  addressFailures: 60,
  cardFailures: 5,
  userTries: 10,
  /** Beyond these, and when more than half of the tries fail, a BIN is under attack. */
  binFailures: 25,
  binShare: 0.5,
  /** Fewer tries than these, within the hour or in the week before it, say nothing about a merchant. */
  leastTries: 100,
  /** So many times what is usual is an attack. */
  unusually: 3,
  /** A merchant whose cards are hardly ever declined is not under attack at the second decline. */
  leastUsualShare: 0.02,
} as const;

/** What was counted within a rule's window. */
export interface Count {
  readonly tries: number;
  readonly failures: number;
}

export const noCount: Count = { tries: 0, failures: 0 };

/**
 * What may be done with a card that somebody wants to bind.
 * - `proceed`: verify it.
 * - `challenge`: only after its issuer has asked the shopper.
 * - `decline`: not at all, and the issuer need not be asked to say so.
 * - `user-full`: this user has bound enough for a day.
 */
export type Judgement = 'proceed' | 'challenge' | 'decline' | 'user-full';

/**
 * @param counts - of the card, the user and the BIN, this try included
 * @param isHeld - whether all cards of the merchant must be authenticated for now
 */
export function judge(counts: Readonly<Record<'card' | 'user' | 'bin', Count>>, isHeld = false): Judgement {
  if (counts.card.failures > allowed.cardFailures) return 'decline';
  if (counts.user.tries > allowed.userTries) return 'user-full';
  const { tries, failures } = counts.bin;
  const isAttacked = failures > allowed.binFailures && failures > tries * allowed.binShare;
  return isHeld || isAttacked ? 'challenge' : 'proceed';
}

/**
 * Whether a merchant's cards are declined unusually often.
 *
 * @param hour - what was counted within the hour
 * @param week - within seven days, that hour included
 */
export function isUnusual(hour: Count, week: Count): boolean {
  const before = { tries: week.tries - hour.tries, failures: week.failures - hour.failures };
  if (hour.tries < allowed.leastTries || before.tries < allowed.leastTries) return false;
  const usual = Math.max(before.failures / before.tries, allowed.leastUsualShare);
  return hour.failures / hour.tries > usual * allowed.unusually;
}

/** The slot that a moment falls into. */
export const slotOf = (rule: RuleName, now: Date): Date =>
  new Date(Math.floor(now.getTime() / rules[rule].slotMs) * rules[rule].slotMs);

/** The window reaches back to here. */
export const windowStart = (rule: RuleName, now: Date): Date =>
  new Date(slotOf(rule, now).getTime() - rules[rule].windowMs + rules[rule].slotMs);

/** Counts that no rule looks at any more are those before these moments. */
export const forgottenBefore = (now: Date): readonly { readonly rule: RuleName; readonly before: Date }[] =>
  (Object.keys(rules) as RuleName[]).map((rule) => ({ rule, before: windowStart(rule, now) }));

/**
 * What counts as one place on the network: an IPv4 address, or the 64-bit prefix of an IPv6 one, of which every house has
 * as many addresses as it likes.
 *
 * @example networkOf('2001:db8:1:2:3::4') // '2001:db8:1:2'
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
