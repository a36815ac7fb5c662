/** What a merchant is told by webhook (contract section 18). `result` is the inquiry's `data` of the same object. */
import { z } from 'zod';
import { billingAddress, merchantInfo } from './operations/members.ts';
import { orderRecord } from './operations/order.ts';
import { refundRecord } from './operations/refund.ts';
import { subscriptionRecord } from './operations/subscription.ts';
import { subscriptionChangeRecord } from './operations/subscription-change.ts';
import { maskedTokenData } from './operations/tokenization.ts';

export const tokenizationNotification = z
  .object({
    eventType: z.literal('TOKENIZATION_NOTIFICATION'),
    result: z
      .object({
        tokenRequestId: z.string(),
        tokenId: z.string().optional(),
        tokenType: z.literal('CARD'),
        tokenStatus: z.enum(['UNVERIFIED', 'VERIFIED', 'SUSPENDED', 'EXPIRED', 'REMOVED', 'FAILED']),
        tokenData: maskedTokenData.optional(),
        merchantUserId: z.string(),
        billingAddress: billingAddress.optional(),
        merchantInfo: merchantInfo,
        failedReason: z
          .string()
          .optional()
          .describe('A string that holds JSON: tokenFailedCode and tokenFailedDescription'),
      })
      .meta({ id: 'TokenizationResult', description: 'The token, as inquiry answers it, and why a binding failed' }),
  })
  .meta({
    id: 'TokenizationNotification',
    description: 'A token was bound, changed or removed, or could not be bound: then it has no `tokenId`',
  });

export const paymentNotification = z
  .object({ eventType: z.literal('PAYMENT_NOTIFICATION'), result: orderRecord })
  .meta({ id: 'PaymentNotification', description: 'A payment ended: `PAY_SUCCESS` or `ORDER_CLOSE`' });

export const refundNotification = z
  .object({ eventType: z.literal('REFUND_NOTIFICATION'), result: refundRecord })
  .meta({ id: 'RefundNotification', description: 'A refund ended, one way or the other' });

export const subscriptionStatusNotification = z
  .object({ eventType: z.literal('SUBSCRIPTION_STATUS_NOTIFICATION'), result: subscriptionRecord })
  .meta({ id: 'SubscriptionStatusNotification', description: 'The status of a subscription changed' });

export const subscriptionPeriodNotification = z
  .object({ eventType: z.literal('SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION'), result: subscriptionRecord })
  .meta({
    id: 'SubscriptionPeriodChangedNotification',
    description: 'A later period is paid, or will not be: nothing is tried again for it',
  });

export const subscriptionChangeNotification = z
  .object({ eventType: z.literal('SUBSCRIPTION_CHANGE_NOTIFICATION'), result: subscriptionChangeRecord })
  .meta({
    id: 'SubscriptionChangeNotification',
    description: 'A change ended: `SUCCESS`, or `CLOSED` and the old subscription goes on',
  });

export const notifications = [
  tokenizationNotification,
  paymentNotification,
  refundNotification,
  subscriptionStatusNotification,
  subscriptionPeriodNotification,
  subscriptionChangeNotification,
] as const;

export type TokenizationNotification = z.infer<typeof tokenizationNotification>;
export type PaymentNotification = z.infer<typeof paymentNotification>;
export type RefundNotification = z.infer<typeof refundNotification>;
export type SubscriptionNotification =
  | z.infer<typeof subscriptionStatusNotification>
  | z.infer<typeof subscriptionPeriodNotification>
  | z.infer<typeof subscriptionChangeNotification>;
export type EventType = (typeof notifications)[number]['shape']['eventType']['value'];
