/**
 * The seam to an acquirer. A connector translates the field's verbs into one acquirer's dialect and its answers into
 * three outcomes. It knows no order, token or subscription: it is handed what it needs.
 */
import type { FaultName } from '@waffo/protocol/codes';
import type { CardBuffer } from '../vault/card-buffer.ts';
import type { Outcome } from './outcome.ts';

/** What every call has. */
interface Call {
  /** Ours, unique for ever, decided before the call: what a repeat or an inquiry names. */
  readonly reference: string;
  readonly merchantId: string;
  /** ISO 4217. */
  readonly currency: string;
  /** Minor units; 0 for `verify`. */
  readonly amountMinor: bigint;
  /** The amount as the merchant wrote it, in major units. */
  readonly amount: string;
}

/** A call with a card: for money, or for the zero-amount check. */
export interface AcquirerCall extends Call {
  /** Lent for the length of the call; never kept. */
  readonly card: CardBuffer;
  /** CIT: the shopper is present. MIT: not. */
  readonly initiator: 'CIT' | 'MIT';
  /**
   * MIT: the scheme's id of the payment that the shopper agreed with, as an earlier outcome had it. Schemes decline, or take
   * for fraud, what comes without one. Undefined when none is known.
   */
  readonly networkTransactionId?: string | undefined;
  /** What 3-D Secure came to, when the shopper was authenticated. */
  readonly threeDs?: ThreeDsProof | undefined;
}

/** A call about an earlier one, without a card. */
export interface FollowUpCall extends Call {
  readonly original: Original;
}

/** The approved call that a follow-up is about: an authorisation or a purchase. */
export interface Original {
  /** Ours. */
  readonly reference: string;
  /** The acquirer's. */
  readonly acquirerReference: string;
  readonly networkTransactionId: string;
}

/** Proof for the acquirer that the issuer authenticated the shopper. */
export interface ThreeDsProof {
  readonly eci: string;
  readonly authenticationValue: string;
  readonly dsTransID: string;
  readonly messageVersion: string;
}

/** What is known of a card beyond its number. Unknown values are empty strings, never guesses. */
export interface CardFacts {
  readonly type: 'CREDIT' | 'DEBIT' | 'PREPAID' | '';
  readonly issuerName: string;
  /** ISO 3166-1 alpha-3. */
  readonly issueCountryCode: string;
}

/** A way to pay that a connector offers. */
export interface PayMethod {
  /** e.g. `CREDITCARD` */
  readonly payMethodType: string;
  /** e.g. `CC_VISA` */
  readonly payMethodName: string;
  /** ISO 3166-1 alpha-3; empty for methods of no one country. */
  readonly country: string;
  /** What is paid so is refunded once at most, whatever the amount. */
  readonly refundedOnce?: boolean;
}

export interface Connector {
  readonly name: string;
  readonly payMethods: readonly PayMethod[];
  /** Numbers that are taken although they fail the Luhn check (the sandbox's published test cards). */
  acceptsUnchecked(pan: Uint8Array): boolean;
  /** What this connector's BIN table knows of a card. */
  factsOf(pan: Uint8Array): CardFacts;
  /**
   * A look at an amount before anything is recorded. An acquirer may refuse it with a fault, or take an amount that
   * the precision rules would refuse (contract C-27: sandbox triggers come before precision).
   */
  screen(amount: string): { readonly fault?: FaultName; readonly unknown?: true; readonly anyPrecision: boolean };
  /** The zero-amount check of a card. */
  verify(call: AcquirerCall): Promise<Outcome>;
  /** Holds an amount on the card for a later capture. */
  authorize(call: AcquirerCall): Promise<Outcome>;
  /** Authorize and capture at once. */
  purchase(call: AcquirerCall): Promise<Outcome>;
  /** Takes what was authorised, or a part of it, once; the rest is released. */
  capture(call: FollowUpCall): Promise<Outcome>;
  /** Gives an authorisation back that was not captured. */
  void(call: FollowUpCall): Promise<Outcome>;
  /** Pays back what was captured, or a part of it. */
  refund(call: FollowUpCall): Promise<Outcome>;
  /**
   * What became of a call. `never`: the acquirer has not seen the reference, and from now on refuses it, so that a
   * call still on its way cannot take effect after somebody was told that it did not.
   */
  inquire(reference: string): Promise<Outcome | { readonly kind: 'never' }>;
}
