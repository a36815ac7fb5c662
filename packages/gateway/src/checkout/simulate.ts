/** What the sandbox's buttons "Payment succeeded" and "Payment failed" pay with (contract section 20). */
import { testCards } from '../connector/sandbox/triggers.ts';
import type { Order } from '../order/order.ts';

/** A published test card of the first method that the order names, and CC_VISA when it names none. */
export function simulatedCardOf({ echo }: Pick<Order, 'echo'>, succeeds: boolean): { readonly pan: string } {
  const { payMethodName = '' } = echo.paymentInfo as { readonly payMethodName?: string };
  const wanted = payMethodName.split(',').map((name) => name.trim().replace(/_MASTER$/, '_MASTERCARD'));
  const cards = testCards.filter(
    ({ purchase, threeDs }) => threeDs === undefined && (purchase === 'approved') === succeeds,
  );
  const card = cards.find((each) => wanted.includes(each.payMethodName)) ?? cards[0];
  if (card === undefined) throw new Error('the sandbox has no test cards');
  return card;
}
