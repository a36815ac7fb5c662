/** Whether the issuer is asked at all: the merchant's wish (contract section 8), which the risk rules may overrule. */
import { Fault } from '../fault.ts';

export type ThreeDsDecision = '3DS_FORCE' | '3DS_ATTEMPT' | 'NO_3DS';

/**
 * @param text - as it was sent; absent or empty is no wish
 * @param member - its name, for the message
 * @throws Fault PARAMETER_INVALID
 */
export function parseDecision(text: string | undefined, member: string): ThreeDsDecision | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === '3DS_FORCE' || text === '3DS_ATTEMPT' || text === 'NO_3DS') return text;
  throw new Fault('PARAMETER_INVALID', `${member}: expected 3DS_FORCE, 3DS_ATTEMPT or NO_3DS`);
}

/** @param takesPart - whether the card takes part in 3-D Secure; a forced question is asked of any */
export const asksIssuer = (decision: ThreeDsDecision | undefined, takesPart: () => boolean): boolean =>
  decision !== 'NO_3DS' && (decision === '3DS_FORCE' || takesPart());
