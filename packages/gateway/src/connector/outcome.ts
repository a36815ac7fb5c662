/** What an acquirer's call came to. Three outcomes, never two: nobody guesses. */
import type { DeclineReason } from './declines.ts';

export type Outcome =
  | {
      readonly kind: 'approved';
      /** The acquirer's own id of the transaction. */
      readonly acquirerReference: string;
      /** The scheme's id; later merchant-initiated charges carry it. */
      readonly networkTransactionId: string;
    }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }
  /** Sent, perhaps done, not answered. Only an inquiry can tell. */
  | { readonly kind: 'unknown' };
