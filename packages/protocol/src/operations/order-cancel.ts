/** `/order/cancel` (contract section 10.3). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, orderEnding, text } from './members.ts';

const cancelRequest = z
  .object({
    paymentRequestId: text(32, 'This or acquiringOrderId must be given').optional(),
    acquiringOrderId: text(32).optional(),
    merchantId: id(64, 'Must be the merchant that the API key belongs to'),
    orderRequestedAt: dateTime(),
  })
  .meta({ id: 'OrderCancelRequest' });

/** Closes an order that is not paid; an authorisation is given back to the shopper. */
export const cancel = operation({
  path: '/order/cancel',
  door: 'merchant',
  summary: 'Cancel an order that is not paid',
  description:
    'An authorised order is voided with the acquirer. Cancelling what is closed already answers `ORDER_CLOSE` again; an order whose charge has no known outcome is not closed (`E0001`).',
  request: cancelRequest,
  data: orderEnding.meta({ id: 'OrderCancelData' }),
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND', 'ORDER_ALREADY_PAID', 'CANCEL_NOT_SUPPORTED', 'CANCEL_REJECTED', 'STATUS_UNKNOWN'],
});
