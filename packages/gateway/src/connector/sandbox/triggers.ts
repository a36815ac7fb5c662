/**
 * What makes the sandbox answer as it does: the published test cards and trigger amounts (contract section 20), in one
 * table for the acquirer, the docs and the banner.
 */
import type { FaultName } from '@waffo/protocol/codes';
import type { CardFacts } from '../connector.ts';
import type { DeclineReason } from '../declines.ts';

export interface TestCard {
  readonly pan: string;
  readonly payMethodName: string;
  /** What the verification at binding comes to. `unknown` is approved in the books, but not answered. */
  readonly verify: 'approved' | 'unknown' | DeclineReason;
  /** What a charge comes to. */
  readonly purchase: 'approved' | DeclineReason;
  /** What later calls about an approved charge come to; absent: approved. */
  readonly followUps?: Readonly<Partial<Record<'capture' | 'void' | 'refund', DeclineReason>>>;
  /** What 3-D Secure does with it; absent: the card takes no part. */
  readonly threeDs?: 'challenge' | 'frictionless' | 'refused' | 'unavailable';
  /** What the account updater knows of it: `expiry` a later one, `number` another number (`successor`), `closed`. */
  readonly update?: 'expiry' | 'closed' | { readonly successor: string };
  readonly facts: CardFacts;
}

const issuer = (type: CardFacts['type'], issueCountryCode = 'USA'): CardFacts => ({
  type,
  issuerName: 'Waffo Sandbox Bank',
  issueCountryCode,
});

const card = (
  pan: string,
  payMethodName: string,
  purchase: TestCard['purchase'] = 'approved',
  verify: TestCard['verify'] = purchase,
): TestCard => ({
  pan,
  payMethodName,
  verify,
  purchase,
  facts: issuer(payMethodName.startsWith('DC_') ? 'DEBIT' : 'CREDIT'),
});

/** Most of these fail the Luhn check; the sandbox takes them all the same. */
export const testCards: readonly TestCard[] = [
  card('4111111111111111', 'CC_VISA'),
  card('4576750000000110', 'CC_VISA'),
  card('4576750000000220', 'CC_VISA', 'DO_NOT_HONOR'),
  card('2226900000000110', 'CC_MASTERCARD'),
  card('2226900000000220', 'CC_MASTERCARD', 'DO_NOT_HONOR'),
  card('3528000000000214', 'CC_JCB'),
  card('3528000000120006', 'CC_JCB', 'DO_NOT_HONOR'),
  card('3400000000000216', 'CC_AMEX'),
  card('340000000200027', 'CC_AMEX', 'DO_NOT_HONOR'),
  card('4001700000000110', 'DC_VISA'),
  card('4001700000000220', 'DC_VISA', 'DO_NOT_HONOR'),
  card('2226930000000110', 'DC_MASTERCARD'),
  card('2226930000000220', 'DC_MASTERCARD', 'DO_NOT_HONOR'),
  card('3088850000000116', 'DC_JCB'),
  card('3088850000200004', 'DC_JCB', 'DO_NOT_HONOR'),
  card('340034000100009', 'DC_AMEX'),
  card('340034000400003', 'DC_AMEX', 'DO_NOT_HONOR'),
  // Ours: binds, and is declined when it is charged.
  card('4000000000000341', 'CC_VISA', 'INSUFFICIENT_FUNDS', 'approved'),
  // Ours: the acquirer does not answer at binding; an inquiry finds it approved a minute later.
  card('4000000000000119', 'CC_VISA', 'approved', 'unknown'),
  // Ours: charged as any other, and refused at what comes later.
  { ...card('4000000000002008', 'CC_VISA'), followUps: { capture: 'PROCESSING_ERROR' } },
  {
    ...card('4000000000002016', 'CC_VISA'),
    followUps: { capture: 'NOT_SUPPORTED', void: 'NOT_SUPPORTED', refund: 'NOT_SUPPORTED' },
  },
  { ...card('4000000000002024', 'CC_VISA'), followUps: { void: 'PROCESSING_ERROR', refund: 'PROCESSING_ERROR' } },
  { ...card('4000000000002032', 'CC_VISA'), followUps: { refund: 'MERCHANT_FUNDS_LOW' } },
  { ...card('4000000000002040', 'CC_VISA'), followUps: { refund: 'DISPUTED' } },
  { ...card('4000000000002057', 'CC_VISA'), followUps: { refund: 'REFUNDED_BY_PREVENTION' } },
  // Ours: 3-D Secure (decisions, "3DS").
  { ...card('4000000000001000', 'CC_VISA'), threeDs: 'challenge' },
  { ...card('4000000000001091', 'CC_VISA'), threeDs: 'frictionless' },
  { ...card('4000000000001109', 'CC_VISA'), threeDs: 'refused' },
  { ...card('4000000000001117', 'CC_VISA'), threeDs: 'unavailable' },
  // Ours: the account updater (decision 0019).
  { ...card('4000000000003006', 'CC_VISA'), update: 'expiry' },
  { ...card('4000000000003014', 'CC_VISA'), update: { successor: '4000000000003113' } },
  card('4000000000003113', 'CC_VISA'),
  { ...card('4000000000003022', 'CC_VISA'), update: 'closed' },
];

export interface TriggerAmount {
  /** Tested against the amount without trailing zeros. */
  readonly pattern: RegExp;
  readonly examples: readonly string[];
  readonly effect: { readonly fault: FaultName } | { readonly outcome: 'unknown' };
}

export const triggerAmounts: readonly TriggerAmount[] = [
  { pattern: /^(?:9\.1|9*91)$/, examples: ['9.1', '91', '991'], effect: { fault: 'SYSTEM_ERROR' } },
  { pattern: /^(?:9\.2|9*92)$/, examples: ['9.2', '92', '992'], effect: { outcome: 'unknown' } },
  { pattern: /^(?:9|9*90)$/, examples: ['9', '90', '990'], effect: { fault: 'CHANNEL_REJECTED' } },
];

/**
 * The trigger that an amount pulls, if any.
 *
 * @param amount - decimal string as the merchant wrote it; `92`, `92.0` and `92.00` are the same
 */
export function triggerOf(amount: string): TriggerAmount['effect'] | undefined {
  const bare = amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount;
  return triggerAmounts.find((trigger) => trigger.pattern.test(bare))?.effect;
}

const byNumber = new Map(testCards.map((row) => [row.pan.length, [] as { row: TestCard; digits: Buffer }[]]));
for (const row of testCards) byNumber.get(row.pan.length)?.push({ row, digits: Buffer.from(row.pan, 'latin1') });

/** The test card with this number, compared without making a string of it. */
export const testCardOf = (pan: Uint8Array): TestCard | undefined =>
  byNumber.get(pan.length)?.find(({ digits }) => digits.equals(pan))?.row;
