/** What a merchant is told by webhook (contract section 18). `result` is the inquiry's `data` of the same object. */
import { z } from 'zod';
import { orderRecord } from './operations/order.ts';
import { billingAddress, merchantInfo } from './operations/members.ts';
import { maskedTokenData } from './operations/tokenization.ts';

/** A token was bound, changed, or failed to be bound. A failed binding has no `tokenId`. */
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
      .meta({ id: 'TokenizationResult' }),
  })
  .meta({ id: 'TokenizationNotification' });

/** A payment order ended. */
export const paymentNotification = z
  .object({ eventType: z.literal('PAYMENT_NOTIFICATION'), result: orderRecord })
  .meta({ id: 'PaymentNotification' });

export const notifications = [tokenizationNotification, paymentNotification] as const;

export type TokenizationNotification = z.infer<typeof tokenizationNotification>;
export type PaymentNotification = z.infer<typeof paymentNotification>;
export type EventType = (typeof notifications)[number]['shape']['eventType']['value'];
