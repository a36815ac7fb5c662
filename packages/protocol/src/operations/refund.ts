/** `/order/refund` and `/refund/inquiry` (contract sections 10.4, 11 and 15.3). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, text } from './members.ts';
import { subscriptionInfo } from './order.ts';

const bankInfo = z.object({
  bankAccountNo: text(64).optional(),
  bankCode: text(64).optional(),
  bankName: text(64).optional(),
  bankCity: text(64).optional(),
  bankBranch: text(64).optional(),
});

const userInfo = z
  .object({
    userType: id(12, 'INDIVIDUAL or BUSINESS'),
    userFirstName: text(64).optional(),
    userMiddleName: text(64).optional(),
    userLastName: text(64).optional(),
    nationality: text(3).optional(),
    userEmail: text(64).optional(),
    userPhone: text(16).optional(),
    userBirthDay: text(12).optional(),
    userIDType: text(24).optional(),
    userIDNumber: text(64).optional(),
    userIDIssueDate: text(12, 'dd/mm/yyyy').optional(),
    userIDExpiryDate: text(12, 'dd/mm/yyyy').optional(),
    userBankInfo: bankInfo.optional(),
  })
  .meta({ id: 'RefundUserInfo', description: 'Who is paid back, for methods that must be told' });

const refundStatus = z.enum([
  'REFUND_IN_PROGRESS',
  'ORDER_PARTIALLY_REFUNDED',
  'ORDER_FULLY_REFUNDED',
  'ORDER_REFUND_FAILED',
]);

const refundRequest = z
  .object({
    refundRequestId: id(32, 'The idempotency key'),
    acquiringOrderId: id(32, 'The order to refund'),
    merchantRefundOrderId: text(64).optional(),
    merchantId: id(64, 'Must be the merchant that the API key belongs to'),
    requestedAt: dateTime(),
    refundAmount: id(24, "In the order's currency"),
    refundReason: id(256),
    refundNotifyUrl: text(1024, "Receives REFUND_NOTIFICATION; never the order's notifyUrl").optional(),
    extendInfo: text(128).optional(),
    refundSource: text(32).optional(),
    userInfo: userInfo.optional(),
  })
  .meta({ id: 'OrderRefundRequest' });

const refundData = z
  .object({
    refundRequestId: z.string(),
    merchantRefundOrderId: z.string().optional(),
    acquiringOrderId: z.string(),
    acquiringRefundOrderId: z.string(),
    refundAmount: z.string(),
    refundStatus,
    remainingRefundAmount: z.string().describe('What can still be refunded of the order'),
    refundSource: z.string(),
  })
  .meta({ id: 'OrderRefundData' });

/** Pays back a captured order, or a part of it. */
export const refund = operation({
  path: '/order/refund',
  door: 'merchant',
  summary: 'Refund a paid order',
  description:
    'In parts, up to 50 times and up to what was captured, within the refund period. A repeat with the same `refundRequestId` and content answers the present state and refunds nothing.',
  request: refundRequest,
  data: refundData,
  envelope: 'order',
  idempotencyKey: 'refundRequestId',
  faults: [
    'IDEMPOTENCY_MISMATCH',
    'CONCURRENT_REQUEST',
    'ORDER_NOT_FOUND',
    'AMOUNT_OUT_OF_RANGE',
    'MERCHANT_BALANCE_INSUFFICIENT',
    'REFUND_NOT_ALLOWED',
    'REFUND_NOT_SUPPORTED',
    'CHARGEBACK_BLOCKS_REFUND',
    'REFUND_COUNT_EXCEEDED',
    'REFUNDED_BY_PREVENTION',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
  ],
});

const inquiryRequest = z
  .object({
    refundRequestId: text(32, 'This or acquiringRefundOrderId must be given').optional(),
    acquiringRefundOrderId: text(32).optional(),
  })
  .meta({ id: 'RefundInquiryRequest' });

export const refundRecord = z
  .object({
    refundRequestId: z.string(),
    merchantRefundOrderId: z.string().optional(),
    acquiringOrderId: z.string(),
    acquiringRefundOrderId: z.string(),
    origPaymentRequestId: z.string(),
    refundAmount: z.string(),
    refundStatus,
    remainingRefundAmount: z.string(),
    finalDealAmount: z.string().describe('What the shopper receives'),
    userCurrency: z.string().optional(),
    refundReason: z.string(),
    refundSource: z.string(),
    refundRequestedAt: z.string(),
    refundUpdatedAt: z.string(),
    refundCompletedAt: z.string().optional(),
    refundFailedReason: z
      .string()
      .optional()
      .describe('A string that holds JSON: orderFailedCode and orderFailedDescription'),
    merchantUserId: z.string().optional(),
    userInfo: userInfo.optional(),
    extendInfo: z.string().optional(),
    subscriptionInfo: subscriptionInfo.optional(),
  })
  .meta({ id: 'RefundRecord', description: 'A refund as inquiry and REFUND_NOTIFICATION show it' });

/** Reads the present state of a refund. */
export const inquiry = operation({
  path: '/refund/inquiry',
  door: 'merchant',
  summary: 'Read a refund',
  description: 'By `refundRequestId` or `acquiringRefundOrderId`.',
  request: inquiryRequest,
  data: refundRecord,
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND'],
});
