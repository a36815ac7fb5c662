/** The webhooks that the shop's server received, live, newest first. */
import { byId, element } from './element.js';

/** @typedef {{ number: number, receivedAt: string, verified: boolean, eventType: string, problem?: string, body: any }} WebhookEntry */

const keptEntries = 200;
const clock = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

/** @param {(entry: WebhookEntry) => void} listener - is told of each one that comes while the page is open */
export function followWebhooks(listener) {
  const source = new EventSource('/api/webhooks');
  source.addEventListener('message', ({ data }) => {
    const entry = /** @type {WebhookEntry} */ (JSON.parse(data));
    show(entry);
    listener(entry);
  });
  source.addEventListener('open', () => {
    byId('log-state').dataset.live = 'yes';
  });
  source.addEventListener('error', () => {
    byId('log-state').dataset.live = 'no';
    byId('log-state').textContent = 'The shop does not answer. Trying again…';
  });
}

/** @param {WebhookEntry} entry */
function show(entry) {
  const list = byId('webhooks');
  list.prepend(row(entry));
  while (list.children.length > keptEntries) list.lastElementChild?.remove();
  byId('log-state').textContent = entry.number === 1 ? '1 so far, live.' : `${entry.number} so far, live.`;
}

/** @param {WebhookEntry} entry */
function row(entry) {
  const { status, subject } = entry.verified ? summaryOf(entry.body.result) : { status: 'REFUSED', subject: '' };
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element(
        'summary',
        {},
        element('span', { class: 'status', 'data-status': status }, status),
        element('span', { class: 'subject' }, subject),
        element('time', { datetime: entry.receivedAt }, clock.format(new Date(entry.receivedAt))),
        element('code', {}, entry.eventType),
        element('span', { class: entry.verified ? 'proof' : 'proof bad' }, proofOf(entry)),
      ),
      element('pre', { tabindex: '0', 'aria-label': 'Body' }, JSON.stringify(entry.body, undefined, 2) ?? ''),
    ),
  );
}

/** @param {WebhookEntry} entry */
const proofOf = ({ verified, problem }) => (verified ? 'signature verified' : (problem ?? 'not verified'));

/** @param {any} result */
function summaryOf(result) {
  const ofSubscription = result.subscriptionChangeStatus ?? result.subscriptionStatus;
  const status = result.tokenStatus ?? result.refundStatus ?? result.orderStatus ?? ofSubscription ?? '';
  if (result.refundStatus) return { status, subject: `${result.userCurrency ?? ''} ${result.refundAmount}`.trim() };
  if (result.orderAmount) return { status, subject: `${result.orderCurrency} ${result.orderAmount}` };
  if (result.subscriptionId) return { status, subject: `${result.currency} ${result.amount ?? ''}`.trim() };
  return { status, subject: result.tokenData?.maskedCardInfo ?? reasonOf(result.failedReason) };
}

/** @param {string | undefined} failedReason - a string that holds JSON */
function reasonOf(failedReason) {
  try {
    return JSON.parse(failedReason ?? '{}').tokenFailedDescription ?? '';
  } catch {
    return '';
  }
}
