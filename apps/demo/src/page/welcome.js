/** What a shopper hears who comes back from the bank's page or the gateway's. */
import { notify } from './notice.js';

/** @typedef {import('./api.js').OrderRow} OrderRow */
/** @typedef {import('./api.js').Membership} Membership */
/** @typedef {[kind: Parameters<typeof notify>[0], text: string]} Notice */

/** The bank's page says in the address how the binding of a card went; the token comes by webhook. @type {Record<string, Notice>} */
const cards = {
  success: ['good', 'Your bank confirmed the card.'],
  failed: ['bad', 'Your bank did not confirm the card. Use another card.'],
  pending: ['wait', 'Your bank is still checking the card. It will be here once it is confirmed.'],
};

/** @type {Record<OrderRow['status'], (order: OrderRow) => Notice>} */
const payments = {
  paid: ({ currency, amount, name }) => [
    'good',
    `Paid ${currency} ${amount} for the ${name.toLowerCase()}. Thank you!`,
  ],
  waiting: () => ['wait', 'The payment is not confirmed yet. Do not pay again; the webhook will tell.'],
  closed: () => ['bad', 'The payment did not go through. Nothing was charged.'],
  refunding: () => ['wait', 'The refund is under way.'],
  refunded: () => ['good', 'The payment was refunded.'],
};

/** @type {Record<string, (membership: Membership) => Notice>} */
const memberships = {
  ACTIVE: ({ plan }) => ['good', `You are a member of ${plan.name}.`],
  CLOSE: () => ['bad', 'You did not join. Nothing was charged.'],
  IN_PROGRESS: () => ['wait', 'Your payment is not confirmed yet. The webhook will tell.'],
};

/**
 * Takes what the address says out of it, and says how a binding went.
 *
 * @returns {(orders: OrderRow[], membership: Membership | null) => void} says the same of a payment, as the shop knows it
 */
export function welcomeBack() {
  const said = new URLSearchParams(location.search);
  if (said.size > 0) history.replaceState(null, '', location.pathname);
  const card = cards[said.get('result') ?? ''];
  if (card) notify(...card);
  return (orders, membership) => {
    const order = orders.find(({ orderId }) => orderId === said.get('order'));
    if (order) notify(...payments[order.status](order));
    const told = said.has('club') && membership && memberships[membership.status];
    if (told) notify(...told(membership));
  };
}
