/** What may be known of a card outside the vault: first six, last four, scheme, expiry, holder. Never the number. */
import type { CardFacts } from '../connector/connector.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';

export interface CardSummary {
  /** `411111******1111` */
  readonly masked: string;
  /** Six digits. */
  readonly bin: string;
  readonly holderName: string;
  /** `MM/YYYY` */
  readonly expiry: string;
  readonly scheme: string;
  readonly type: CardFacts['type'];
  readonly issuerName: string;
  readonly issueCountryCode: string;
}

export function summarise(card: CardBuffer, facts: CardFacts): CardSummary {
  const { masked, bin, scheme } = card.describe();
  return {
    masked,
    bin,
    holderName: card.name,
    expiry: `${String(card.expiryMonth).padStart(2, '0')}/${card.expiryYear}`,
    scheme: scheme ?? '',
    type: facts.type,
    issuerName: facts.issuerName,
    issueCountryCode: facts.issueCountryCode,
  };
}

/** The wire's nested card, as inquiry and notifications show it. */
export const tokenDataOf = (card: CardSummary) => ({
  maskedCardInfo: card.masked,
  cardHolderName: card.holderName,
  cardExpiry: card.expiry,
  cardBin: card.bin,
  cardScheme: card.scheme,
  cardType: card.type,
  cardIssuerName: card.issuerName,
  cardIssueCountryCode: card.issueCountryCode,
});
