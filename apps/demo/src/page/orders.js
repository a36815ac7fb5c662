/** The shopper's orders, newest first, with what became of them; a paid one can be given back. */
import { listOrders, refundOrder } from './api.js';
import { byId, element, unseen } from './element.js';
import { notify, once, sentenceOf } from './notice.js';

/** @typedef {import('./api.js').OrderRow} OrderRow */

/** What the shopper reads of each status. */
const words = {
  paid: 'Paid',
  waiting: 'Not paid yet',
  closed: 'Not paid',
  refunding: 'Refund under way',
  refunded: 'Refunded',
};
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });

/** Reads the list anew. @returns {Promise<OrderRow[]>} */
export async function refreshOrders() {
  try {
    const orders = await listOrders();
    show(orders);
    return orders;
  } catch (error) {
    notify('bad', sentenceOf(error));
    return [];
  }
}

/** @param {OrderRow[]} orders */
function show(orders) {
  const list = byId('orders');
  list.replaceChildren(...orders.map(row));
  list.hidden = orders.length === 0;
  byId('no-orders').hidden = orders.length > 0;
}

/** @param {OrderRow} order */
function row(order) {
  const price = `${order.currency} ${order.amount}`;
  const when = element('time', { datetime: order.orderedAt }, moment.format(new Date(order.orderedAt)));
  const refund = element('button', { type: 'button', class: 'quiet' }, 'Refund', unseen(` ${order.name}, ${price}`));
  refund.addEventListener('click', () =>
    once(refund, async () => {
      await refundOrder(order.orderId);
      notify('good', `Refunded ${price} for the ${order.name.toLowerCase()}.`);
      await refreshOrders();
      byId('orders-title').focus();
    }),
  );
  return element(
    'li',
    { class: 'order' },
    element('span', { class: 'order-name' }, order.name),
    element('span', { class: 'order-price' }, price),
    element('span', { class: 'order-status', 'data-status': order.status }, words[order.status]),
    element('span', { class: 'order-detail' }, when, order.card && ` · ${order.card}`),
    ...(order.status === 'paid' ? [refund] : []),
  );
}
