/** The page's calls to the shop's own server. A card number must never be a part of one. */

/** @typedef {{ productId: string, name: string, price: string }} Product */
/** @typedef {{ baseUrl: string, clientApiKey: string, currency: string, products: Product[], plans: Plan[], mayTravel: boolean, webhookCount: number }} Shop */
/** @typedef {{ planId: string, name: string, price: string }} Plan */
/** @typedef {{ plan: Plan, status: string, nextPaymentAt?: string, card: string, payments: number, mayUpgrade: boolean }} Membership */
/** @typedef {{ tokenId: string, maskedPan: string, scheme: string, expiry: string, status: string }} SavedCard */
/** @typedef {{ outcome: 'paid' | 'declined' | 'pending' | 'refused' | 'asked', webUrl?: string, orderId: string, amount: string, currency: string, code?: string, reason?: string }} Payment */

/** @typedef {{ orderId: string, name: string, orderedAt: string, amount: string, currency: string, card: string, status: 'paid' | 'waiting' | 'closed' | 'refunding' | 'refunded' }} OrderRow */

/** A refusal of the shop's server; its message is for the shopper. */
export class ShopError extends Error {}

/** @returns {Promise<Shop>} */
export const readShop = () => call('GET', '/api/shop');

/** @returns {Promise<{ tokenSessionId: string, tokenRequestId: string }>} */
export const openSession = () => call('POST', '/api/sessions');

/** @returns {Promise<SavedCard[]>} */
export const listCards = () => call('GET', '/api/cards');

/** @param {string} tokenId @returns {Promise<void>} */
export const removeCard = (tokenId) => call('DELETE', `/api/cards/${encodeURIComponent(tokenId)}`);

/** @param {string} tokenId @param {string} productId @returns {Promise<Payment>} */
export const pay = (tokenId, productId) =>
  call('POST', `/api/cards/${encodeURIComponent(tokenId)}/payments`, { productId });

/** @param {string} productId @returns {Promise<{ webUrl: string }>} */
export const openCheckout = (productId) => call('POST', '/api/checkouts', { productId });

/** @returns {Promise<OrderRow[]>} */
export const listOrders = () => call('GET', '/api/orders');

/** @param {string} orderId @returns {Promise<OrderRow>} */
export const refundOrder = (orderId) => call('POST', `/api/orders/${encodeURIComponent(orderId)}/refund`, {});

/** @returns {Promise<{ membership: Membership | null }>} */
export const readMembership = () => call('GET', '/api/membership');

/** @param {string} planId @returns {Promise<{ webUrl: string }>} */
export const joinClub = (planId) => call('POST', '/api/membership', { planId });

/** @returns {Promise<{ webUrl?: string }>} */
export const upgradeClub = () => call('POST', '/api/membership/upgrade', {});

/** @returns {Promise<{ webUrl: string }>} */
export const openClubPage = () => call('POST', '/api/membership/page', {});

/** @returns {Promise<void>} */
export const passMonth = () => call('POST', '/api/month', {});

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function call(method, path, body) {
  const content = body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...content }).catch(() => {
    throw new ShopError('The shop cannot be reached. Check your connection and try again.');
  });
  if (response.status === 204) return undefined;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ShopError(answer.message ?? 'The shop has a problem. Please try again.');
  return answer;
}
