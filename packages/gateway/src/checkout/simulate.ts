/** What the sandbox's buttons pay with (contract section 20). */
import { testCards } from '../connector/sandbox/triggers.ts';
import { CardBuffer } from '../vault/card-buffer.ts';

/**
 * A published test card of the first method that was named, and CC_VISA when none was.
 *
 * @returns the caller's, who disposes of it
 */
export function simulatedCard(
  { echo }: { readonly echo: { readonly paymentInfo: object } },
  succeeds: boolean,
): CardBuffer {
  const { payMethodName = '' } = echo.paymentInfo as { readonly payMethodName?: string };
  const wanted = payMethodName.split(',').map((name) => name.trim().replace(/_MASTER$/, '_MASTERCARD'));
  const cards = testCards.filter(
    ({ purchase, threeDs }) => threeDs === undefined && (purchase === 'approved') === succeeds,
  );
  const card = cards.find((each) => wanted.includes(each.payMethodName)) ?? cards[0];
  if (card === undefined) throw new Error('the sandbox has no test cards');
  return CardBuffer.fromText({ pan: card.pan, expiry: { month: 12, year: 2099 }, cvv: undefined, name: 'TEST USER' });
}
