/** `POST /order/cancel`: closes an order that is not paid. What may have been charged is never closed. */

import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type { cancel as operation } from '@waffo/protocol/operations/order-cancel';
import type { OrderStatus } from '@waffo/protocol/statuses';
import type { MerchantCaller } from '../caller.ts';
import type { Outcome } from '../connector/outcome.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { endingOf, orderNamed } from './find.ts';
import { lockOrder } from './order.store.ts';
import type { Order } from './order.ts';
import { cancelled, closeOrder } from './settle.ts';
import { voidOrder } from './void.ts';

type Input = RequestOf<typeof operation>;
type Data = DataOf<typeof operation>;

/** Another change was faster: how often we look again. */
const looks = 5;

export async function cancel(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = caller.merchant;
  for (let look = 0; look < looks; look++) {
    const order = await orderNamed(gateway, merchantId, input);
    const ended = await steps[order.status](gateway, order);
    if (ended !== undefined) return endingOf(ended);
    await awaitAnswer(gateway, merchantId, { kind: 'order', id: order.acquiringOrderId });
  }
  throw new Fault('STATUS_UNKNOWN');
}

/** What cancelling means in each status: the closed order, or undefined to look again. */
const steps: Readonly<Record<OrderStatus, (gateway: Gateway, order: Order) => Promise<Order | undefined>>> = {
  PAY_IN_PROGRESS: giveCharge,
  AUTHORIZATION_REQUIRED: close,
  AUTHED_WAITING_CAPTURE: giveBack,
  CAPTURE_IN_PROGRESS: () => {
    throw new Fault('CANCEL_REJECTED', 'The order is being captured; refund it once it is paid.');
  },
  PAY_SUCCESS: () => {
    throw new Fault('ORDER_ALREADY_PAID', 'The order is paid; refund it with order/refund.');
  },
  ORDER_CLOSE: async (_, order) => order,
};

/** A charge on its way decides first; one whose outcome is not known may have taken money. */
async function giveCharge(gateway: Gateway, { merchantId, acquiringOrderId }: Order): Promise<undefined> {
  await awaitAnswer(gateway, merchantId, { kind: 'order', id: acquiringOrderId });
  const present = await orderNamed(gateway, merchantId, { acquiringOrderId });
  if (present.status === 'PAY_IN_PROGRESS') {
    throw new Fault('STATUS_UNKNOWN', 'The charge has no known outcome yet; inquire, and cancel or refund then.');
  }
}

async function close(gateway: Gateway, { merchantId, acquiringOrderId }: Order): Promise<Order | undefined> {
  const closed = await gateway.database.transaction(async (tx) => {
    const present = await lockOrder(tx, merchantId, acquiringOrderId);
    return present?.status === 'AUTHORIZATION_REQUIRED'
      ? closeOrder(gateway, tx, present, 'closed', cancelled)
      : undefined;
  });
  gateway.nudge();
  // An amount of the unknown kind takes effect and is not answered, as everywhere.
  if (closed && gateway.connectors.of(merchantId).screen(closed.amount).unknown) throw new Fault('STATUS_UNKNOWN');
  return closed;
}

async function giveBack(gateway: Gateway, order: Order): Promise<Order | undefined> {
  if (order.cancelling) {
    await awaitAnswer(gateway, order.merchantId, { kind: 'order', id: order.acquiringOrderId });
    const present = await orderNamed(gateway, order.merchantId, { acquiringOrderId: order.acquiringOrderId });
    if (present.cancelling)
      throw new Fault('STATUS_UNKNOWN', 'An earlier cancellation has no known outcome yet; inquire.');
    return undefined;
  }
  const result = await voidOrder(gateway, order, cancelled);
  if (result.kind === 'other') return undefined;
  refuse(result.outcome);
  return result.order;
}

function refuse(outcome: Outcome): void {
  if (outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  if (outcome.kind === 'approved') return;
  throw new Fault(outcome.reason === 'NOT_SUPPORTED' ? 'CANCEL_NOT_SUPPORTED' : 'CANCEL_REJECTED');
}
