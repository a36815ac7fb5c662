/**
 * The club: a subscription. The shop remembers which one its shopper has, and asks the gateway how it stands. It forgets when
 * it restarts.
 */
import type { ApiResponse, SubscriptionRecord, Waffo } from '@waffo/waffo-node';
import { currency, type Plan, plans } from './catalogue.ts';
import { cardIn } from './orders.ts';
import { homeOf, newRequestId, shopper, webUrlIn } from './request.ts';

/** The club as the page shows it. */
export interface Membership {
  readonly plan: Plan;
  /** The gateway's word, e.g. `ACTIVE`. */
  readonly status: string;
  /** ISO 8601; undefined when nothing more is charged. */
  readonly nextPaymentAt: string | undefined;
  /** `411111******1111`; empty before the first payment. */
  readonly card: string;
  readonly payments: number;
  readonly mayUpgrade: boolean;
}

export interface Club {
  /** Undefined for somebody who never joined. */
  show(): Promise<Membership | undefined>;
  /** Where the shopper pays the first month. */
  join(plan: Plan, notifyUrl: string): Promise<{ webUrl: string }>;
  /** To the bigger plan; what was paid for this month counts in full. @returns where his bank wants to see him, if it does */
  upgrade(notifyUrl: string): Promise<{ webUrl?: string }>;
  /** The shopper's own page at the gateway: another card, and the end of it. */
  manage(): Promise<{ webUrl: string }>;
}

/** Kept before the call, for the call may take effect although no answer comes. */
interface Joined {
  readonly request: string;
  readonly plan: Plan;
}

interface Upgrade extends Joined {
  /** The request of the membership that it takes the place of. */
  readonly origin: string;
}

const running = ['ACTIVE', 'AUTHORIZATION_REQUIRED', 'IN_PROGRESS'];

/** What the gateway says of a request that it never received. */
const neverReceived = 'A0009';

export function createClub(waffo: Waffo): Club {
  let joined: Joined | undefined;
  /** An upgrade that is not decided yet. */
  let wanted: Upgrade | undefined;

  /** An upgrade that succeeded is the membership from then on. @returns whether one is on its way */
  async function settleUpgrade(): Promise<boolean> {
    if (wanted === undefined) return false;
    const ids = { originSubscriptionRequest: wanted.origin, subscriptionRequest: wanted.request };
    const found = await waffo.subscription().changeInquiry(ids);
    if (found.getCode() === neverReceived) return false;
    const { subscriptionChangeStatus } = found.unwrap();
    if (subscriptionChangeStatus === 'SUCCESS') joined = wanted;
    if (['SUCCESS', 'CLOSED'].includes(subscriptionChangeStatus)) wanted = undefined;
    return wanted !== undefined;
  }

  async function show(): Promise<Membership | undefined> {
    const isUpgrading = await settleUpgrade();
    if (joined === undefined) return undefined;
    const { request, plan } = joined;
    const found = await waffo.subscription().inquiry({ subscriptionRequest: request, paymentDetails: 1 });
    if (found.getCode() === neverReceived) return undefined;
    return membershipOf(plan, found.unwrap(), isUpgrading);
  }

  return {
    show,
    async join(plan, notifyUrl) {
      const shown = await show();
      const before = joined;
      const isOpen = shown === undefined && before?.plan === plan;
      const now = isOpen ? before : { request: newRequestId(), plan };
      joined = now;
      const response = await waffo.subscription().create({
        ...termsOf(notifyUrl),
        subscriptionRequest: now.request,
        merchantSubscriptionId: plan.planId,
        amount: plan.price,
        productInfo: monthly(plan),
      });
      if (cannotSucceed(response)) joined = isOpen ? undefined : before;
      const { subscriptionAction, subscriptionStatus } = response.unwrap();
      const webUrl = webUrlIn(subscriptionAction);
      if (webUrl === undefined) throw new Error(`The gateway named no page to join at (${subscriptionStatus}).`);
      return { webUrl };
    },
    async upgrade(notifyUrl) {
      await settleUpgrade();
      const plan = plans.at(-1);
      if (joined === undefined || plan === undefined || joined.plan === plan) return {};
      const { request: origin, plan: present } = joined;
      const change = wanted?.origin === origin ? wanted : { request: newRequestId(), plan, origin };
      wanted = change;
      const response = await waffo.subscription().change({
        ...termsOf(notifyUrl),
        originSubscriptionRequest: change.origin,
        subscriptionRequest: change.request,
        merchantSubscriptionId: plan.planId,
        remainingAmount: present.price,
        productInfoList: [{ ...monthly(plan), amount: plan.price }],
      });
      if (cannotSucceed(response)) wanted = undefined;
      const webUrl = webUrlIn(response.unwrap().subscriptionAction);
      return webUrl === undefined ? {} : { webUrl };
    },
    async manage() {
      await settleUpgrade();
      const response = await waffo.subscription().manage({ subscriptionRequest: joined?.request ?? '' });
      return { webUrl: response.unwrap().managementUrl };
    },
  };
}

function membershipOf(plan: Plan, record: SubscriptionRecord, isUpgrading: boolean): Membership {
  const { subscriptionStatus: status, productInfo, paymentInfo, paymentDetails = [] } = record;
  return {
    plan,
    status,
    nextPaymentAt: productInfo.nextPaymentDateTime,
    card: cardIn(paymentInfo.payMethodResponse),
    payments: paymentDetails.filter(({ orderStatus }) => orderStatus === 'PAY_SUCCESS').length,
    mayUpgrade: status === 'ACTIVE' && !isUpgrading && plan !== plans.at(-1),
  };
}

/** Only then is a request forgotten: any other may have taken effect, or be made again under the same id. */
const cannotSucceed = (response: ApiResponse<unknown>): boolean => response.getError()?.retry === 'never';

/** Whether one may join: not twice. */
export const isMember = (membership: Membership | undefined): boolean =>
  membership !== undefined && running.includes(membership.status);

const termsOf = (notifyUrl: string) => ({
  ...homeOf(notifyUrl, { club: 'yes' }),
  currency,
  notifyUrl,
  userInfo: shopper,
  paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD,DEBITCARD' },
});

const monthly = ({ name }: Plan) => ({ description: name, periodType: 'MONTHLY', periodInterval: '1' });
