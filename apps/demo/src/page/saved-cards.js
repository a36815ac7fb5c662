/** The shopper's saved cards: pay with one, or remove it. The page knows them by token and mask. */
import { listCards, openCheckout, pay, removeCard } from './api.js';
import { labelOf } from './card-rules.js';
import { byId, element, unseen } from './element.js';
import { notify, once, sentenceOf } from './notice.js';
import { refreshOrders } from './orders.js';

/** @typedef {import('./api.js').SavedCard} SavedCard */
/** @typedef {{ productId: string, price: string }} Choice */

/** @param {() => Choice} choice - what is to be paid @returns {() => Promise<void>} reads the list anew */
export function startSavedCards(choice) {
  const refresh = async () => {
    try {
      show(await listCards(), choice, refresh);
    } catch (error) {
      notify('bad', sentenceOf(error));
    }
  };
  const there = /** @type {HTMLButtonElement} */ (byId('pay-at-checkout'));
  there.addEventListener('click', () =>
    once(there, async () => location.assign((await openCheckout(choice().productId)).webUrl)),
  );
  return refresh;
}

/** @param {SavedCard[]} cards @param {() => Choice} choice @param {() => Promise<void>} refresh */
function show(cards, choice, refresh) {
  const list = byId('cards');
  list.replaceChildren(...cards.map((card) => row(card, choice, refresh)));
  list.setAttribute('aria-busy', 'false');
  list.hidden = cards.length === 0;
  byId('no-cards').hidden = cards.length > 0;
}

/** @param {SavedCard} card @param {() => Choice} choice @param {() => Promise<void>} refresh */
function row(card, choice, refresh) {
  const which = ` ${labelOf(card.scheme)} ending in ${card.maskedPan.slice(-4)}`;
  const payNow = element('button', { type: 'button', class: 'primary' }, 'Pay with this card', unseen(`,${which}`));
  const remove = element('button', { type: 'button', class: 'quiet' }, 'Remove', unseen(which));
  payNow.addEventListener('click', () => once(payNow, () => payWith(card, choice())));
  remove.addEventListener('click', () =>
    once(remove, async () => {
      await removeCard(card.tokenId);
      notify('good', `Removed:${which}. Its token can no longer be used.`);
      await refresh();
      byId('wallet-title').focus();
    }),
  );
  return element(
    'li',
    { class: 'card' },
    element('span', { class: 'scheme-mark', 'data-scheme': card.scheme }, labelOf(card.scheme)),
    element('span', { class: 'pan' }, card.maskedPan),
    element('span', { class: 'expiry' }, unseen('expires '), card.expiry),
    element('span', { class: 'actions' }, payNow, remove),
  );
}

/** @param {SavedCard} card @param {Choice} choice */
async function payWith(card, { productId }) {
  const payment = await pay(card.tokenId, productId).finally(refreshOrders);
  const amount = `${payment.currency} ${payment.amount}`;
  const number = card.maskedPan;
  if (payment.outcome === 'asked') location.assign(payment.webUrl ?? '');
  else if (payment.outcome === 'paid') notify('good', `Paid ${amount} with ${number}. Thank you!`);
  else if (payment.outcome === 'declined') notify('bad', `${number} was declined. Please use another card.`);
  else if (payment.outcome === 'pending')
    notify('wait', `The bank has not answered yet. Do not pay again; the webhook will tell.`);
  else notify('bad', `The gateway refused to charge ${number}: ${payment.reason}`);
}
