import type { CardInput } from '@waffo/protocol/envelope/record';

/** A card that is bound without a challenge. */
export const testCard: CardInput = { pan: '4111111111111111', expiry: '12/2030', cvv: '123', name: 'Ada Lovelace' };
