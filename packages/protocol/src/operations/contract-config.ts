/** `/merchantconfig/inquiry` and `/paymethodconfig/inquiry` (contract section 13). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { id } from './members.ts';

const request = (name: string) =>
  z.object({ merchantId: id(64, 'Must be the merchant that the API key belongs to') }).meta({ id: name });

/** C-10. */
const limits = (meaning: string) =>
  z.record(z.string(), z.string()).optional().describe(`${meaning}: currency to amount; absent without a limit`);

/** Reads what the merchant's contract limits. */
export const merchantConfig = operation({
  path: '/merchantconfig/inquiry',
  door: 'merchant',
  summary: "Read the limits of the merchant's contract",
  description: 'Amounts are decimal strings in major units, by currency. A day ends at midnight UTC.',
  request: request('MerchantConfigRequest'),
  data: z
    .object({
      merchantId: z.string(),
      totalDailyLimit: limits('Daily limit'),
      remainingDailyLimit: limits('What is left of it today'),
      transactionLimit: limits('Limit of a single order'),
    })
    .meta({ id: 'MerchantConfigData' }),
  envelope: 'order',
  faults: [],
});

const payMethod = z
  .object({
    productName: z.string(),
    payMethodType: z.string(),
    payMethodName: z.string(),
    country: z.string().describe('ISO 3166-1 alpha-3; empty for methods of no one country'),
    currentStatus: z.enum(['0', '1']).describe('1: available'),
    currency: z.string().optional(),
    orderAmountMin: z.string().optional(),
    orderAmountMax: z.string().optional(),
    refundAllowed: z.enum(['0', '1']).describe('1: can be refunded'),
    fixedMaintenanceRules: z.array(z.object({ startRule: z.string(), endRule: z.string() })),
    fixedMaintenanceTimezone: z.string(),
  })
  .meta({ id: 'PayMethodDetail', description: 'A method that the contract covers' });

/** Reads which methods the merchant's contract covers. */
export const payMethodConfig = operation({
  path: '/paymethodconfig/inquiry',
  door: 'merchant',
  summary: 'Read the contracted payment methods',
  description: 'One row for each product, method and, where the amounts are bounded, currency.',
  request: request('PayMethodConfigRequest'),
  data: z.object({ merchantId: z.string(), payMethodDetails: z.array(payMethod) }).meta({ id: 'PayMethodConfigData' }),
  envelope: 'order',
  faults: [],
});
