/** What walks the one road to money: payments, what follows them, and what their callers write on the way. */
import type { ThreeDsProof } from '../connector/connector.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import type { Charge } from './attempt.store.ts';
import type { CardVerb, FollowUpVerb, Subject } from './attempt.ts';

interface Intent {
  readonly merchantId: string;
  readonly subject: Subject;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** As the merchant wrote it. */
  readonly amount: string;
}

/** Something done with a card. */
export interface Payment extends Intent {
  readonly verb: CardVerb;
  readonly initiator: 'CIT' | 'MIT';
  /** When the issuer authenticated the shopper for it. */
  readonly threeDs?: ThreeDsProof | undefined;
  /** MIT: of the payment that the shopper agreed with (see `AcquirerCall`). */
  readonly networkTransactionId?: string | undefined;
}

/** Something done about a charge. */
export interface FollowUp extends Intent {
  readonly verb: FollowUpVerb;
  readonly charge: Charge;
}

export interface Road<Settled> {
  /**
   * Writes the caller's own row in the transaction that records the intent. False: somebody else was first, and
   * nothing is recorded or called.
   */
  begin(tx: Tx): Promise<boolean>;
  /** Writes the caller's transition and its notification in the transaction that records the outcome. */
  settle(tx: Tx, outcome: Outcome): Promise<Settled>;
}

/**
 * A road that many payments of a merchant walk together: what each writes goes into transactions that they share. What one
 * writes must not depend on another's.
 */
export interface SharedRoad<Subjected, Settled> {
  /** As `Road.begin`, for several. @returns those that were begun */
  begin(tx: Tx, subjects: readonly Subjected[]): Promise<ReadonlySet<Subjected>>;
  /**
   * What must still hold of those that were begun, once everything else is on its way.
   *
   * @throws Fault of one of them, and then none may be committed
   */
  admit?(tx: Tx, begun: readonly Subjected[]): Promise<void>;
  /**
   * For what nearly always comes to pass: writes it without a look first, in a transaction that is asked at once and refused as a
   * whole when one of them is not to be begun. Undefined where a look is needed.
   */
  beginAtOnce?(subjects: readonly Subjected[]): ((tx: Tx) => Promise<unknown>) | undefined;
  /**
   * As `Road.settle`, for several.
   *
   * @param recorded - resolves to those whose outcome was not known before; the others are left as they are
   * @returns what each came to
   */
  settle(
    tx: Tx,
    told: readonly SettledTogether<Subjected>[],
    recorded: Promise<ReadonlySet<SettledTogether<Subjected>>>,
  ): Promise<ReadonlyMap<SettledTogether<Subjected>, Settled>>;
  /** As `beginAtOnce`, of outcomes that all were not known before. */
  settleAtOnce?(
    told: readonly SettledTogether<Subjected>[],
  ): ((tx: Tx) => Promise<ReadonlyMap<SettledTogether<Subjected>, Settled>>) | undefined;
}

/** One of those that are settled together. */
export interface SettledTogether<Subjected> {
  readonly gateway: Gateway;
  readonly subject: Subjected;
  readonly payment: Payment;
  readonly outcome: Outcome;
}

/** `not-begun`: `begin` said false. `settled-elsewhere`: an inquiry was faster than the answer. */
export type Performed<Settled> =
  | { readonly kind: 'performed'; readonly outcome: Outcome; readonly settled: Settled }
  | { readonly kind: 'not-begun' | 'settled-elsewhere' };
