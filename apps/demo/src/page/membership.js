/** The club: join it, go on to the bigger plan, and let months pass. Cards and the end of it are on the gateway's own page. */
import { joinClub, openClubPage, passMonth, readMembership, upgradeClub } from './api.js';
import { byId, element, unseen } from './element.js';
import { notify, once, sentenceOf } from './notice.js';

/** @typedef {import('./api.js').Membership} Membership */
/** @typedef {import('./api.js').Plan} Plan */
/** @typedef {{ currency: string, plans: Plan[], mayTravel: boolean }} Settings */

/** What the shopper reads of each status. */
const words = new Map([
  ['ACTIVE', 'Member'],
  ['AUTHORIZATION_REQUIRED', 'Not paid yet'],
  ['IN_PROGRESS', 'On its way'],
  ['CLOSE', 'Not paid'],
  ['USER_CANCELLED', 'Cancelled'],
  ['MERCHANT_CANCELLED', 'Ended'],
  ['CHANNEL_CANCELLED', 'Ended: the card is no good'],
  ['EXPIRED', 'Completed'],
]);
const day = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });

/** @param {Settings} settings @returns {() => Promise<Membership | null>} reads it anew */
export function startMembership(settings) {
  const refresh = async () => {
    try {
      const { membership } = await readMembership();
      show(membership, settings, refresh);
      return membership;
    } catch (error) {
      notify('bad', sentenceOf(error));
      return null;
    }
  };
  return refresh;
}

/** @param {Membership | null} membership @param {Settings} settings @param {() => Promise<unknown>} refresh */
function show(membership, settings, refresh) {
  const isRunning =
    membership !== null && ['ACTIVE', 'AUTHORIZATION_REQUIRED', 'IN_PROGRESS'].includes(membership.status);
  byId('membership').replaceChildren(
    ...(membership === null ? [] : [stateOf(membership, settings)]),
    ...(isRunning ? [actionsOf(membership, settings, refresh)] : settings.plans.map((plan) => offer(plan, settings))),
  );
}

/** @param {Membership} membership @param {Settings} settings */
function stateOf({ plan, status, nextPaymentAt, card, payments }, { currency }) {
  const next = nextPaymentAt && `Next payment on ${day.format(new Date(nextPaymentAt))}`;
  const paid = payments === 1 ? '1 month paid' : `${payments} months paid`;
  return element(
    'p',
    { class: 'order', id: 'membership-state' },
    element('span', { class: 'order-name' }, plan.name),
    element('span', { class: 'order-price' }, `${currency} ${plan.price} a month`),
    element(
      'span',
      { class: 'order-status', 'data-status': status === 'ACTIVE' ? 'paid' : 'closed' },
      words.get(status) ?? status,
    ),
    element('span', { class: 'order-detail' }, [next, paid, card].filter(Boolean).join(' · ')),
  );
}

/** @param {Membership} membership @param {Settings} settings @param {() => Promise<unknown>} refresh */
function actionsOf({ status, mayUpgrade }, { plans, mayTravel }, refresh) {
  const upgrade = element('button', { type: 'button', class: 'primary' }, `Upgrade to ${plans.at(-1)?.name ?? ''}`);
  upgrade.addEventListener('click', () =>
    once(upgrade, async () => {
      const { webUrl } = await upgradeClub();
      if (webUrl) location.assign(webUrl);
      else notify('good', 'Upgraded. What you paid for this month was taken off.');
      await refresh();
    }),
  );
  const manage = element(
    'button',
    { type: 'button', class: 'quiet' },
    'Manage',
    unseen(' membership: card, payments, cancel'),
  );
  manage.addEventListener('click', () => once(manage, async () => location.assign((await openClubPage()).webUrl)));
  const travel = element('button', { type: 'button', class: 'quiet' }, 'Travel 31 days');
  travel.addEventListener('click', () =>
    once(travel, async () => {
      notify('wait', 'A month passes…');
      await passMonth();
      notify('good', 'A month has passed. Webhooks tell what fell due.');
      await refresh();
    }),
  );
  const isActive = status === 'ACTIVE';
  return element(
    'p',
    { class: 'actions' },
    ...(mayUpgrade ? [upgrade] : []),
    ...(isActive ? [manage] : []),
    ...(isActive && mayTravel ? [travel] : []),
  );
}

/** @param {Plan} plan @param {Settings} settings */
function offer({ planId, name, price }, { currency }) {
  const join = element('button', { type: 'button', class: 'quiet' }, 'Join', unseen(` ${name}`));
  join.addEventListener('click', () => once(join, async () => location.assign((await joinClub(planId)).webUrl)));
  return element(
    'p',
    { class: 'order' },
    element('span', { class: 'order-name' }, name),
    element('span', { class: 'order-price' }, `${currency} ${price} a month`),
    join,
  );
}
