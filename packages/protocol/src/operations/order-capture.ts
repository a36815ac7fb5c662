/** `/order/capture` (contract section 10.5). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, orderEnding, text } from './members.ts';

const captureRequest = z
  .object({
    paymentRequestId: text(32, 'This or acquiringOrderId must be given').optional(),
    acquiringOrderId: text(32).optional(),
    merchantId: id(64, 'Must be the merchant that the API key belongs to'),
    captureRequestedAt: dateTime(),
    captureAmount: id(24, 'At most orderAmount; what is left of it is released'),
  })
  .meta({ id: 'OrderCaptureRequest' });

/** Takes an authorised amount, or a part of it, once. */
export const capture = operation({
  path: '/order/capture',
  door: 'merchant',
  summary: 'Capture an authorised order',
  description:
    'For orders created with `paymentInfo.captureMode: manualCapture`. Once for each order; less than `orderAmount` releases the rest. Answers `CAPTURE_IN_PROGRESS`; `PAY_SUCCESS` and the notification follow.',
  request: captureRequest,
  data: orderEnding.meta({ id: 'OrderCaptureData' }),
  envelope: 'order',
  faults: [
    'ORDER_NOT_FOUND',
    'AMOUNT_OUT_OF_RANGE',
    'CAPTURE_NOT_SUPPORTED',
    'CAPTURE_NOT_ALLOWED',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
  ],
});
