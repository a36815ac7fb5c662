/** Puts the page together. */
import { readShop } from './api.js';
import { endWaiting, startCardForm } from './card-form.js';
import { labelOf } from './card-rules.js';
import { byId } from './element.js';
import { startMembership } from './membership.js';
import { notify } from './notice.js';
import { refreshOrders } from './orders.js';
import { startSavedCards } from './saved-cards.js';
import { showTestCards } from './test-cards.js';
import { followWebhooks } from './webhooks.js';
import { welcomeBack } from './welcome.js';

showTestCards();
const welcome = welcomeBack();
start().catch(() => notify('bad', 'The shop does not answer. Is its server running? Then reload the page.'));

async function start() {
  const { baseUrl, clientApiKey, currency, products, plans, mayTravel, webhookCount } = await readShop();

  for (const { productId, price } of products) {
    const place = document.querySelector(`[data-price-of="${productId}"]`);
    if (place) place.textContent = `${currency} ${price}`;
  }
  const choice = () => {
    const checked = /** @type {HTMLInputElement | null} */ (document.querySelector('input[name=product]:checked'));
    return products.find(({ productId }) => productId === checked?.value) ?? /** @type {any} */ (products[0]);
  };
  const showTotal = () => {
    byId('total').textContent = `${currency} ${choice().price}`;
  };
  document.querySelector('.products')?.addEventListener('change', showTotal);
  showTotal();

  const refreshCards = startSavedCards(choice);
  const refreshClub = startMembership({ currency, plans, mayTravel });
  const sdk = new WaffoSDK(clientApiKey, { env: 'sandbox', baseUrl, locale: document.documentElement.lang });
  startCardForm(sdk);
  followWebhooks((entry) => {
    if (entry.number <= webhookCount || !entry.verified) return;
    if (['PAYMENT_NOTIFICATION', 'REFUND_NOTIFICATION'].includes(entry.eventType)) refreshOrders();
    if (entry.eventType.startsWith('SUBSCRIPTION')) refreshClub();
    if (entry.eventType !== 'TOKENIZATION_NOTIFICATION') return;
    const { tokenRequestId, tokenId, tokenData } = entry.body.result;
    refreshCards();
    if (!endWaiting(tokenRequestId) || tokenId === undefined) return;
    notify(
      'good',
      `Saved: ${labelOf(tokenData.cardScheme)} ${tokenData.maskedCardInfo}. The webhook brought its token.`,
    );
  });
  const [orders, membership] = await Promise.all([refreshOrders(), refreshClub(), refreshCards()]);
  welcome(orders, membership);
}
