/**
 * What field 39 means, on the closed list. A code that is not here may have moved money: it is unknown, never a decline,
 * so that whoever reads it reverses.
 */
import type { DeclineReason } from '../declines.ts';

const reasons: Readonly<Record<string, DeclineReason>> = {
  '01': 'DO_NOT_HONOR',
  '02': 'DO_NOT_HONOR',
  '03': 'NOT_PERMITTED',
  '04': 'RESTRICTED_CARD',
  '05': 'DO_NOT_HONOR',
  '06': 'PROCESSING_ERROR',
  '07': 'SUSPECTED_FRAUD',
  '12': 'NOT_SUPPORTED',
  '13': 'PROCESSING_ERROR',
  '14': 'INVALID_CARD_NUMBER',
  '15': 'INVALID_CARD_NUMBER',
  '30': 'PROCESSING_ERROR',
  '31': 'NOT_SUPPORTED',
  '33': 'EXPIRED_CARD',
  '34': 'SUSPECTED_FRAUD',
  '36': 'RESTRICTED_CARD',
  '40': 'NOT_SUPPORTED',
  '41': 'LOST_OR_STOLEN',
  '43': 'LOST_OR_STOLEN',
  '51': 'INSUFFICIENT_FUNDS',
  '54': 'EXPIRED_CARD',
  '57': 'NOT_PERMITTED',
  '58': 'NOT_PERMITTED',
  '59': 'SUSPECTED_FRAUD',
  '61': 'LIMIT_EXCEEDED',
  '62': 'RESTRICTED_CARD',
  '65': 'LIMIT_EXCEEDED',
  '91': 'ISSUER_UNAVAILABLE',
  '92': 'ISSUER_UNAVAILABLE',
  '96': 'PROCESSING_ERROR',
};

/**
 * @param code - field 39, two characters; undefined when the answer had none
 * @returns `unknown` for partial approvals, duplicates and every code that the table does not have
 */
export function meaningOf(code: string | undefined): 'approved' | 'unknown' | DeclineReason {
  if (code === '00' || code === '08' || code === '11') return 'approved';
  return (code !== undefined && Object.hasOwn(reasons, code) && reasons[code]) || 'unknown';
}
