/**
 * An authentication: one question to an issuer whether this is its cardholder, asked for a subject (a binding, an order)
 * that another module owns. What the issuer said is here, the card is not. CREATED is written before the issuer is asked, so a
 * crash leaves a record that ends by itself.
 */
import { Fault } from '../fault.ts';

/** Each status with whose move it is: CREATED gateway, CHALLENGE shopper, the others nobody's. */
export type AuthenticationStatus = 'CREATED' | 'CHALLENGE' | 'AUTHENTICATED' | 'FAILED' | 'UNAVAILABLE' | 'EXPIRED';

export type AuthenticationEvent = 'challenged' | 'authenticated' | 'refused' | 'unavailable' | 'expired';

/** What it is for; `kind` says which module takes the result on. */
export interface AuthenticationSubject {
  readonly kind: 'tokenization' | 'order';
  readonly id: string;
}

/** What the challenge page may show. */
export interface Shown {
  readonly merchantName: string;
  /** `411111******1111` */
  readonly maskedCard: string;
  readonly scheme: string;
  /** Empty when unknown. */
  readonly issuerName: string;
  /** BCP 47 tag that the merchant asked for; the browser's otherwise. */
  readonly language?: string | undefined;
}

/** What the issuer said. Absent members were not said. */
export interface Proof {
  readonly acsTransID?: string | undefined;
  readonly dsTransID?: string | undefined;
  readonly transStatus?: string | undefined;
  readonly transStatusReason?: string | undefined;
  readonly eci?: string | undefined;
  readonly authenticationValue?: string | undefined;
  readonly challengeCancel?: string | undefined;
}

export interface Authentication {
  readonly merchantId: string;
  readonly authenticationId: string;
  readonly subject: AuthenticationSubject;
  readonly status: AuthenticationStatus;
  readonly threeDSServerTransID: string;
  readonly proof: Proof;
  /** ISO 4217. */
  readonly currency: string;
  /** Minor units; 0 at binding. */
  readonly amountMinor: bigint;
  /** The shopper must be asked, whatever is thought of the card: an issuer that cannot tell has refused. */
  readonly mandated: boolean;
  readonly shown: Shown;
  readonly returnUrl: string | undefined;
  /** SHA-256 of the link's secret until it is opened, of the cookie's afterwards. */
  readonly holderHash: Buffer;
  readonly openedAt: Date | undefined;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** status → event → next status. What is missing is refused. */
export const transitions: Readonly<
  Record<AuthenticationStatus, Partial<Record<AuthenticationEvent, AuthenticationStatus>>>
> = {
  CREATED: {
    challenged: 'CHALLENGE',
    authenticated: 'AUTHENTICATED',
    refused: 'FAILED',
    unavailable: 'UNAVAILABLE',
    expired: 'EXPIRED',
  },
  CHALLENGE: { authenticated: 'AUTHENTICATED', refused: 'FAILED', unavailable: 'UNAVAILABLE', expired: 'EXPIRED' },
  AUTHENTICATED: {},
  FAILED: {},
  UNAVAILABLE: {},
  EXPIRED: {},
};

/**
 * The authentication after an event.
 *
 * @throws Fault SYSTEM_ERROR when the event does not fit the status: callers ask `isOpen` first
 */
export function advance(
  authentication: Authentication,
  event: AuthenticationEvent,
  proof: Proof,
  now: Date,
): Authentication {
  const status = transitions[authentication.status][event];
  if (status === undefined) throw new Fault('SYSTEM_ERROR');
  return { ...authentication, status, proof, updatedAt: now };
}

/**
 * The event that an issuer's verdict means. `A` says that the attempt was noted, not who was there: it authenticates
 * nobody. A `Y` without its proof, or anything unknown, is no answer at all.
 */
export function eventOf({ transStatus, eci, authenticationValue }: Proof): AuthenticationEvent {
  if (transStatus === 'Y' && eci !== undefined && authenticationValue !== undefined) return 'authenticated';
  if (transStatus === 'C') return 'challenged';
  return transStatus === 'N' || transStatus === 'R' ? 'refused' : 'unavailable';
}

/** Whether a result names this very transaction by all three of its ids. */
export const isAbout = (
  { threeDSServerTransID, proof }: Authentication,
  result: { readonly threeDSServerTransID: string; readonly acsTransID: string; readonly dsTransID: string },
): boolean =>
  result.threeDSServerTransID === threeDSServerTransID &&
  result.acsTransID === proof.acsTransID &&
  result.dsTransID === proof.dsTransID;

/** Whether a result may still change it. */
export const isOpen = ({ status }: Authentication): boolean => status === 'CREATED' || status === 'CHALLENGE';

export const isOver = ({ expiresAt }: Authentication, now: Date): boolean => expiresAt.getTime() <= now.getTime();
