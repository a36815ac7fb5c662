/** What `paymentInfo` says once it is known what paid. Pure. */
import type { CardSummary } from '../tokenization/card-summary.ts';

/** What pays, as far as it may be shown. */
export interface Shown {
  readonly summary: CardSummary;
  /** Undefined for a card that is no token. */
  readonly tokenId: string | undefined;
  /** In the sandbox: the method that is played, in the place of a card's. */
  readonly played?: { readonly payMethodType: string; readonly payMethodName: string } | undefined;
}

/** The wire's name of a card's method, e.g. `CC_VISA`. */
export const payMethodNameOf = ({ type, scheme }: Pick<CardSummary, 'type' | 'scheme'>): string =>
  `${type === 'DEBIT' ? 'DC' : 'CC'}_${scheme}`;

/** `paymentInfo` as it was sent, completed with the method that was used and the masked card. */
export const paidWith = (paymentInfo: object, { summary, tokenId, played }: Shown, initiator: 'CIT' | 'MIT') =>
  played === undefined ? paidWithCard(paymentInfo, { summary, tokenId }, initiator) : { ...paymentInfo, ...played };

function paidWithCard(
  { payMethodType: _, ...paymentInfo }: { readonly payMethodType?: unknown },
  { summary, tokenId }: Shown,
  initiator: 'CIT' | 'MIT',
) {
  return {
    payMethodType: summary.type === 'DEBIT' ? 'DEBITCARD' : 'CREDITCARD',
    ...paymentInfo,
    payMethodName: payMethodNameOf(summary),
    payMethodProperties: JSON.stringify({ cardToken: tokenId, cardTransactionType: initiator }),
    payMethodResponse: JSON.stringify({ maskCardData: summary.masked }),
  };
}
