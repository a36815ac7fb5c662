/** Where a shopper goes when his order has ended: the merchant's address for that end, if it gave one. */
import type { Order } from './order.ts';

/** Why an order is not paid, as far as a shopper is told. */
export type Cause = 'cancelled' | 'expired' | 'declined';

const causes: Readonly<Record<string, Cause>> = {
  USER_CANCELLED: 'cancelled',
  CANCELLED: 'cancelled',
  AUTHENTICATION_CANCELLED: 'cancelled',
  EXPIRED: 'expired',
  AUTHENTICATION_EXPIRED: 'expired',
};

/** Why a closed order closed. */
export const causeOf = ({ failure }: Pick<Order, 'failure'>): Cause => causes[failure?.code ?? ''] ?? 'declined';

/**
 * The address for an order's end.
 *
 * @param order - one that has ended, or whose time is over
 */
export function redirectUrlOf(order: Pick<Order, 'status' | 'failure' | 'echo'>): string | undefined {
  const { cancelRedirectUrl, checkout } = order.echo;
  const { successRedirectUrl, failedRedirectUrl } = checkout ?? {};
  const failed = causeOf(order) === 'cancelled' ? (cancelRedirectUrl ?? failedRedirectUrl) : failedRedirectUrl;
  const isUnpaid = order.status === 'ORDER_CLOSE' || order.status === 'AUTHORIZATION_REQUIRED';
  return safeUrl(isUnpaid ? failed : successRedirectUrl);
}

/** An app's own scheme is as good as https; what would run here is not. */
export const safeUrl = (url: string | undefined): string | undefined =>
  url && /^[a-z][a-z0-9+.-]*:/i.test(url) && !/^(?:javascript|data|vbscript|blob|file):/i.test(url) ? url : undefined;
