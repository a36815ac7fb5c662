/** Members that several operations have (contract section 15). Lengths count characters. */
import { z } from 'zod';

/** A string of at most `max` characters. */
export const text = (max: number, meaning?: string) => described(z.string().max(max), meaning);

/** A required, non-empty string of at most `max` characters. */
export const id = (max: number, meaning?: string) => described(z.string().min(1).max(max), meaning);

/** ISO 8601 with zone, `Z` or an offset, e.g. `2026-04-01T12:00:00.000Z` (contract section 4). */
export const dateTime = (meaning?: string) => described(z.iso.datetime({ offset: true }), meaning);

function described<T extends z.ZodType>(schema: T, meaning: string | undefined): T {
  return meaning === undefined ? schema : (schema.describe(meaning) as T);
}

export const merchantInfo = z
  .object({
    merchantId: id(64, 'Must be the merchant that the API key belongs to'),
    subMerchantId: text(64).optional(),
  })
  .meta({ id: 'MerchantInfo', description: 'Who the merchant is, and for which of its sub-merchants it acts' });

/** A billing address, as tokenization carries it. `countryCode` has three letters. */
export const billingAddress = z
  .object({
    countryCode: text(3, 'ISO 3166-1 alpha-3, e.g. USA').optional(),
    region: text(64).optional(),
    city: text(64).optional(),
    postalCode: text(32).optional(),
    address: text(256).optional(),
  })
  .meta({ id: 'BillingAddress', description: 'A billing address' });

/** Contract section 17.1. */
export const orderStatus = z.enum([
  'PAY_IN_PROGRESS',
  'AUTHORIZATION_REQUIRED',
  'AUTHED_WAITING_CAPTURE',
  'CAPTURE_IN_PROGRESS',
  'PAY_SUCCESS',
  'ORDER_CLOSE',
]);

/** Contract section 17.3. */
export const subscriptionStatus = z.enum([
  'AUTHORIZATION_REQUIRED',
  'IN_PROGRESS',
  'ACTIVE',
  'CLOSE',
  'MERCHANT_CANCELLED',
  'USER_CANCELLED',
  'CHANNEL_CANCELLED',
  'EXPIRED',
]);

/** Contract section 17.4. */
export const subscriptionChangeStatus = z.enum(['IN_PROGRESS', 'AUTHORIZATION_REQUIRED', 'SUCCESS', 'CLOSED']);

/** What the operations that end or move an order answer. */
export const orderEnding = z.object({
  paymentRequestId: z.string(),
  merchantOrderId: z.string(),
  acquiringOrderId: z.string(),
  orderStatus,
});
