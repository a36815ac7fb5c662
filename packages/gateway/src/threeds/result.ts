/** What a finished authentication means to whoever asked for it: whether to go on, with which proof, or why not. */
import type { ThreeDsProof } from '../connector/connector.ts';
import { messageVersion } from '../connector/threeds.ts';
import type { Authentication } from './authentication.ts';

/** Why an authentication came to nothing, as merchants are told. */
export interface AuthenticationFailure {
  readonly code: 'AUTHENTICATION_CANCELLED' | 'AUTHENTICATION_EXPIRED' | 'AUTHENTICATION_FAILED' | 'SECURITY_CODE_LOST';
  readonly description: string;
}

/** Whether what was asked about may be done: nobody was refused, and nobody had to be known. */
export const mayGoOn = ({ status, mandated }: Pick<Authentication, 'status' | 'mandated'>): boolean =>
  status === 'AUTHENTICATED' || (status === 'UNAVAILABLE' && !mandated);

/** For the acquirer; undefined when the issuer gave none. */
export function proofFor({ proof }: Authentication): ThreeDsProof | undefined {
  const { eci, authenticationValue, dsTransID } = proof;
  if (eci === undefined || authenticationValue === undefined || dsTransID === undefined) return undefined;
  return { eci, authenticationValue, dsTransID, messageVersion };
}

/** The CVV that waited for it. */
export const holdOf = ({ merchantId, authenticationId }: Authentication) => ({ merchantId, holdId: authenticationId });

export function failureOf({ status, proof }: Authentication): AuthenticationFailure {
  if (status === 'EXPIRED') {
    return { code: 'AUTHENTICATION_EXPIRED', description: 'The shopper did not finish 3-D Secure in time' };
  }
  return proof.challengeCancel === undefined
    ? { code: 'AUTHENTICATION_FAILED', description: 'The issuer did not authenticate the shopper' }
    : { code: 'AUTHENTICATION_CANCELLED', description: 'The shopper cancelled 3-D Secure' };
}

/** A proof belongs to one number: with another the issuer would not know it. */
export const cardReplaced: AuthenticationFailure = {
  code: 'AUTHENTICATION_FAILED',
  description: 'The card was replaced by another while its shopper was asked; pay again',
};

export const cvvLost: AuthenticationFailure = {
  code: 'SECURITY_CODE_LOST',
  description: 'The security code did not outlast the authentication; ask for the card again',
};
