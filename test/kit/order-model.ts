/**
 * Orders as they should be: a model in memory, and commands that do the same to it and to the gateway over HTTP. The line
 * to the acquirer may fail in every way a line can; the model knows what then truly happened, the gateway has to find out.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Connector } from '../../packages/gateway/src/connector/connector.ts';
import { type Answer, freshId, orderOf, type TestGateway } from './gateway.ts';

/**
 * `good` answers · `silent` does it and does not answer · `lost` never arrives · `late` is not answered, and arrives when
 * the test says so, if nobody has inquired before.
 */
export type Line = 'good' | 'silent' | 'lost' | 'late';

export const lines = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Line>('good') },
  { weight: 2, arbitrary: fc.constantFrom<Line>('silent', 'lost', 'late') },
);

/** What is not known yet, and what truly became of it. */
interface Doubt {
  readonly amount: bigint;
  truth: 'done' | 'lost' | 'late';
}

interface ModelRefund {
  readonly body: Record<string, unknown>;
  readonly amount: bigint;
  state: 'open' | 'done' | 'failed';
  doubt: Doubt | undefined;
}

interface ModelOrder {
  readonly id: string;
  readonly body: Record<string, unknown>;
  readonly manual: boolean;
  readonly amount: bigint;
  status: string;
  cancelling: boolean;
  captured: bigint;
  refunds: ModelRefund[];
  doubt: (Doubt & { readonly act: 'charge' | 'capture' | 'void' }) | undefined;
}

export interface Model {
  orders: ModelOrder[];
}

interface Real {
  readonly gateway: TestGateway;
  readonly tokenId: string;
  readonly line: FaultyLine;
}

/** The connector's line, under the test's control. */
export interface FaultyLine {
  /** How the next call goes. */
  next: Line;
  /** Lets every call arrive that is still on its way. */
  arrive(): Promise<void>;
}

export function faultyLine(connector: Connector): FaultyLine {
  let held: (() => Promise<unknown>)[] = [];
  const line: FaultyLine = {
    next: 'good',
    async arrive() {
      const calls = held;
      held = [];
      for (const call of calls) await call();
    },
  };
  for (const verb of ['authorize', 'purchase', 'capture', 'void', 'refund'] as const) {
    const act = connector[verb].bind(connector) as (call: object) => ReturnType<Connector['capture']>;
    connector[verb] = async (call: object) => {
      const how = line.next;
      line.next = 'good';
      if (how === 'good') return act(call);
      if (how === 'silent') await act(call);
      // The lent card is wiped when we answer; a call on its way has its own bytes.
      const copy = 'card' in call ? { ...call, card: { pan: Buffer.from('4111111111111111') } } : call;
      if (how === 'late') held.push(() => act(copy));
      return { kind: 'unknown' };
    };
  }
  return line;
}

const money = (minor: bigint): string => `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;

const truthOf = (line: Line): Doubt['truth'] => (line === 'silent' ? 'done' : line === 'lost' ? 'lost' : 'late');

const refundedOf = ({ refunds }: ModelOrder): bigint =>
  refunds.filter(({ state }) => state === 'done').reduce((sum, { amount }) => sum + amount, 0n);

const remainingOf = (order: ModelOrder): bigint =>
  order.captured -
  order.refunds.filter(({ state }) => state !== 'failed').reduce((sum, { amount }) => sum + amount, 0n);

type Command = fc.AsyncCommand<Model, Real>;

/** An order of the model by a number that a command was made with. */
const pick = (model: Model, index: number): ModelOrder => model.orders[index % model.orders.length] as ModelOrder;

const code = (answer: Answer, wanted: string): void =>
  expect(answer, answer.raw).toMatchObject({ code: wanted, signed: true });

export const create = (manual: boolean, amount: bigint, line: Line): Command => ({
  check: () => true,
  async run(model, { gateway, tokenId, line: wire }) {
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', ...(manual && { captureMode: 'manualCapture' }) };
    const body = orderOf(gateway, { tokenId, orderAmount: money(amount), paymentInfo });
    wire.next = line;
    code(await gateway.call('/order/create', body), line === 'good' ? '0' : 'E0001');
    const { data } = await gateway.call('/order/create', body);
    const status = line !== 'good' ? 'PAY_IN_PROGRESS' : manual ? 'AUTHED_WAITING_CAPTURE' : 'PAY_SUCCESS';
    expect(data.orderStatus).toBe(status);
    model.orders.push({
      id: data.acquiringOrderId,
      body,
      manual,
      amount,
      status,
      cancelling: false,
      captured: status === 'PAY_SUCCESS' ? amount : 0n,
      refunds: [],
      doubt: line === 'good' ? undefined : { act: 'charge', amount, truth: truthOf(line) },
    });
  },
  toString: () => `create(${manual ? 'manual' : 'automatic'}, ${money(amount)}, ${line})`,
});

export const capture = (index: number, amount: bigint, line: Line): Command => ({
  check: ({ orders }) => orders.length > 0,
  async run(model, { gateway, line: wire }) {
    const order = pick(model, index);
    const waiting = order.status === 'AUTHED_WAITING_CAPTURE' && !order.cancelling;
    const refusal = !order.manual ? 'A0035' : !waiting ? 'A0036' : amount > order.amount ? 'A0008' : undefined;
    wire.next = refusal === undefined ? line : 'good';
    const answer = await gateway.call('/order/capture', { acquiringOrderId: order.id, captureAmount: money(amount) });
    code(answer, refusal ?? (line === 'good' ? '0' : 'E0001'));
    if (refusal !== undefined) return;
    order.status = 'CAPTURE_IN_PROGRESS';
    if (line !== 'good') order.doubt = { act: 'capture', amount, truth: truthOf(line) };
    else captured(order, amount);
    await gateway.settle();
  },
  toString: () => `capture(${index}, ${money(amount)}, ${line})`,
});

function captured(order: ModelOrder, amount: bigint): void {
  order.status = 'PAY_SUCCESS';
  order.captured = amount;
}

export const cancel = (index: number, line: Line): Command => ({
  check: ({ orders }) => orders.length > 0,
  async run(model, { gateway, line: wire }) {
    const order = pick(model, index);
    const void_ = order.status === 'AUTHED_WAITING_CAPTURE' && !order.cancelling;
    wire.next = void_ ? line : 'good';
    const answer = await gateway.call('/order/cancel', { acquiringOrderId: order.id });
    const wanted: Readonly<Record<string, string>> = {
      PAY_IN_PROGRESS: 'E0001',
      CAPTURE_IN_PROGRESS: 'A0016',
      PAY_SUCCESS: 'A0013',
      ORDER_CLOSE: '0',
      AUTHED_WAITING_CAPTURE: void_ && line === 'good' ? '0' : 'E0001',
    };
    code(answer, wanted[order.status] ?? '');
    if (!void_) return;
    if (line === 'good') order.status = 'ORDER_CLOSE';
    else Object.assign(order, { cancelling: true, doubt: { act: 'void', amount: order.amount, truth: truthOf(line) } });
  },
  toString: () => `cancel(${index}, ${line})`,
});

export const refund = (index: number, amount: bigint, line: Line): Command => ({
  check: ({ orders }) => orders.length > 0,
  async run(model, { gateway, line: wire }) {
    const order = pick(model, index);
    const body = {
      refundRequestId: freshId('r').slice(-32),
      acquiringOrderId: order.id,
      refundAmount: money(amount),
      refundReason: 'model',
      refundNotifyUrl: gateway.receiver.url,
    };
    const allowed = order.status === 'PAY_SUCCESS' && amount <= remainingOf(order);
    wire.next = allowed ? line : 'good';
    const answer = await gateway.call('/order/refund', body);
    code(answer, !allowed ? 'A0014' : line === 'good' ? '0' : 'E0001');
    if (!allowed) return;
    const doubt = line === 'good' ? undefined : { amount, truth: truthOf(line) };
    order.refunds.push({ body, amount, state: doubt ? 'open' : 'done', doubt });
    // The same request again refunds nothing, and tells how it stands.
    const again = await gateway.call('/order/refund', body);
    expect(again.data.remainingRefundAmount).toBe(money(remainingOf(order)));
  },
  toString: () => `refund(${index}, ${money(amount)}, ${line})`,
});

/** Late calls reach the acquirer before anybody asks about them. */
export const arrive = (): Command => ({
  check: () => true,
  async run(model, { line }) {
    await line.arrive();
    for (const doubt of doubtsOf(model)) if (doubt.truth === 'late') doubt.truth = 'done';
  },
  toString: () => 'arrive',
});

const doubtsOf = ({ orders }: Model): Doubt[] =>
  orders
    .flatMap((order) => [order.doubt, ...order.refunds.map(({ doubt }) => doubt)])
    .filter((doubt) => doubt !== undefined);

/** Two minutes pass: every doubt is inquired, and what was late then never takes effect. */
export const resolve = (): Command => ({
  check: () => true,
  async run(model, { gateway, line }) {
    await gateway.travel(2 * 60_000);
    await line.arrive();
    for (const order of model.orders) {
      for (const refund of order.refunds) {
        if (refund.state === 'open') refund.state = refund.doubt?.truth === 'done' ? 'done' : 'failed';
      }
      settle(order);
    }
    for (const order of model.orders) await agree(order, gateway);
  },
  toString: () => 'resolve',
});

function settle(order: ModelOrder): void {
  const { doubt } = order;
  if (doubt === undefined) return;
  const done = doubt.truth === 'done';
  order.doubt = undefined;
  if (doubt.act === 'void') Object.assign(order, { cancelling: false, status: done ? 'ORDER_CLOSE' : order.status });
  else if (doubt.act === 'capture' && done) captured(order, doubt.amount);
  else if (doubt.act === 'capture') order.status = 'AUTHED_WAITING_CAPTURE';
  else if (!done) order.status = 'ORDER_CLOSE';
  else if (order.manual) order.status = 'AUTHED_WAITING_CAPTURE';
  else captured(order, order.amount);
}

/** What inquiries answer is what the model says. */
async function agree(order: ModelOrder, gateway: TestGateway): Promise<void> {
  const { data } = await gateway.call('/order/inquiry', { acquiringOrderId: order.id });
  expect(data.orderStatus).toBe(order.status);
  if (order.status === 'PAY_SUCCESS') expect(data.finalDealAmount).toBe(money(order.captured));
  const statuses: string[] = [];
  for (const { body, state } of order.refunds) {
    const refund = (await gateway.call('/refund/inquiry', { refundRequestId: body.refundRequestId })).data;
    expect(refund.remainingRefundAmount).toBe(money(remainingOf(order)));
    const wanted = { open: /IN_PROGRESS/, done: /ORDER_(PARTIALLY|FULLY)_REFUNDED/, failed: /FAILED/ };
    expect(refund.refundStatus).toMatch(wanted[state]);
    statuses.push(refund.refundStatus);
  }
  const whole = order.captured > 0n && refundedOf(order) === order.captured;
  expect(statuses.filter((status) => status === 'ORDER_FULLY_REFUNDED')).toHaveLength(whole ? 1 : 0);
}
