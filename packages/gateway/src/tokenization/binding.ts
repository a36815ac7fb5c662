/** A binding as it begins: a session, the card that was submitted to it, and how that rests. */
import type { CardBuffer } from '../vault/card-buffer.ts';
import type { SealedCard } from '../vault/vault.ts';
import type { CardSummary } from './card-summary.ts';
import type { TokenOrigin } from './finish.ts';
import type { Session } from './session.ts';

/** Which session, under which key, and what its token takes over from it: that never changes. */
export type BindingSession = Omit<TokenOrigin, 'cardId' | 'card'> &
  Pick<Session, 'sessionId' | 'threeDsDecision'> &
  Partial<Pick<Session, 'subscriptionId'>>;

export interface Submission {
  readonly card: CardBuffer;
  readonly submitFingerprint: Buffer | undefined;
  readonly billingAddress: Session['billingAddress'];
  readonly returnUrl: string | undefined;
  /** Where the shopper is, as `networkOf` tells; undefined for a bare card. */
  readonly network?: string;
  /** On the browser's road only: a bare card comes without a shopper whom an issuer could ask. */
  readonly threeDs?: {
    readonly merchantName: string;
    readonly language?: string | undefined;
    readonly envelope: string;
  };
}

/** What is written and asked about one submission. */
export interface Binding {
  readonly session: BindingSession;
  readonly submission: Submission;
  readonly sealed: SealedCard;
  readonly summary: CardSummary;
}

/** A session, and what a submission says of it. */
export const submittedSession = ({ session, submission, sealed, summary, now }: Binding & { readonly now: Date }) => {
  const { submitFingerprint, billingAddress, returnUrl } = submission;
  const told = { submitFingerprint, card: summary, billingAddress, returnUrl };
  return { now, ...session, submission: told, cardId: sealed.cardId };
};
