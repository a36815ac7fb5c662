/**
 * The club: a subscription. The shop remembers which one its shopper has, and asks the gateway how it stands. It forgets when
 * it restarts.
 */
import { randomUUID } from 'node:crypto';
import type { Waffo } from '@waffo/waffo-node';
import { currency, type Plan, plans } from './catalogue.ts';
import { cardIn } from './orders.ts';

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

interface Joined {
  readonly request: string;
  readonly plan: Plan;
}

const shopper = { userId: 'shopper_1', userEmail: 'shopper@kiln.example', userTerminal: 'WEB' };
const running = ['ACTIVE', 'AUTHORIZATION_REQUIRED', 'IN_PROGRESS'];

export function createClub(waffo: Waffo): Club {
  let joined: Joined | undefined;
  /** An upgrade that is not decided yet. */
  let wanted: (Joined & { readonly origin: string }) | undefined;

  /** An upgrade that succeeded is the membership from then on. */
  async function current(): Promise<Joined | undefined> {
    if (wanted === undefined) return joined;
    const ids = { originSubscriptionRequest: wanted.origin, subscriptionRequest: wanted.request };
    const { subscriptionChangeStatus } = (await waffo.subscription().changeInquiry(ids)).unwrap();
    if (subscriptionChangeStatus === 'SUCCESS') joined = wanted;
    if (['SUCCESS', 'CLOSED'].includes(subscriptionChangeStatus)) wanted = undefined;
    return joined;
  }

  return {
    async show() {
      const now = await current();
      if (now === undefined) return undefined;
      const found = await waffo.subscription().inquiry({ subscriptionRequest: now.request, paymentDetails: 1 });
      if (!found.isSuccess()) return undefined;
      const { subscriptionStatus: status, productInfo, paymentInfo, paymentDetails = [] } = found.unwrap();
      return {
        plan: now.plan,
        status,
        nextPaymentAt: productInfo.nextPaymentDateTime,
        card: cardIn(paymentInfo.payMethodResponse),
        payments: paymentDetails.filter(({ orderStatus }) => orderStatus === 'PAY_SUCCESS').length,
        mayUpgrade: status === 'ACTIVE' && wanted === undefined && now.plan !== plans.at(-1),
      };
    },
    async join(plan, notifyUrl) {
      const request = newId();
      const response = await waffo.subscription().create({
        ...common(notifyUrl),
        subscriptionRequest: request,
        merchantSubscriptionId: plan.planId,
        amount: plan.price,
        productInfo: monthly(plan),
      });
      const { subscriptionAction, subscriptionStatus } = response.unwrap();
      const webUrl = webUrlIn(subscriptionAction);
      if (webUrl === undefined) throw new Error(`The gateway named no page to join at (${subscriptionStatus}).`);
      joined = { request, plan };
      return { webUrl };
    },
    async upgrade(notifyUrl) {
      const now = await current();
      const plan = plans.at(-1);
      if (now === undefined || plan === undefined || now.plan === plan) return {};
      const request = newId();
      wanted = { request, plan, origin: now.request };
      const response = await waffo.subscription().change({
        ...common(notifyUrl),
        originSubscriptionRequest: now.request,
        subscriptionRequest: request,
        merchantSubscriptionId: plan.planId,
        remainingAmount: now.plan.price,
        productInfoList: [{ ...monthly(plan), amount: plan.price }],
      });
      if (!response.isSuccess()) wanted = undefined;
      const webUrl = webUrlIn(response.unwrap().subscriptionAction);
      return webUrl === undefined ? {} : { webUrl };
    },
    async manage() {
      const now = await current();
      const response = await waffo.subscription().manage({ subscriptionRequest: now?.request ?? '' });
      return { webUrl: response.unwrap().managementUrl };
    },
  };
}

/** Whether one may join: not twice. */
export const isMember = (membership: Membership | undefined): boolean =>
  membership !== undefined && running.includes(membership.status);

const common = (notifyUrl: string) => {
  const home = new URL('/', notifyUrl).href;
  return {
    currency,
    notifyUrl,
    userInfo: shopper,
    paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD,DEBITCARD' },
    successRedirectUrl: home,
    failedRedirectUrl: home,
    cancelRedirectUrl: home,
  };
};

const monthly = ({ name }: Plan) => ({ description: name, periodType: 'MONTHLY', periodInterval: '1' });

function webUrlIn(action: string | undefined): string | undefined {
  const { webUrl } = JSON.parse(action || '{}');
  return typeof webUrl === 'string' ? webUrl : undefined;
}

/** At most 32 characters. */
const newId = (): string => randomUUID().replaceAll('-', '');
