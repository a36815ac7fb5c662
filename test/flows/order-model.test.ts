/**
 * Random stories of orders over HTTP, held to a model: create, capture, cancel and refund in any order, over a line to the
 * acquirer that goes silent, loses calls and delivers them late. 500 of them; a failure prints the story and its seed.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import * as model from '../kit/order-model.ts';

let gateway: TestGateway;
let tokenId: string;
let line: model.FaultyLine;
beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_LOG_LEVEL: 'error' });
  tokenId = await gateway.bind();
  line = model.faultyLine(gateway.app.gateway.connectors.of(gateway.merchant.merchantId));
});
afterAll(() => gateway.stop());

const index = fc.nat(3);
/** Some are more than an order has, none is a trigger of the sandbox. */
const amounts = fc.constantFrom(1n, 2_500n, 4_000n, 5_000n, 9_999n, 10_000n, 12_000n);
const commands = fc.commands(
  [
    fc.tuple(fc.boolean(), fc.constantFrom(5_000n, 10_000n), model.lines).map((given) => model.create(...given)),
    fc.tuple(index, amounts, model.lines).map((given) => model.capture(...given)),
    fc.tuple(index, model.lines).map((given) => model.cancel(...given)),
    fc.tuple(index, amounts, model.lines).map((given) => model.refund(...given)),
    fc.tuple(index, amounts, model.lines).map((given) => model.refund(...given)),
    fc.constant(model.arrive()),
    fc.constant(model.resolve()),
  ],
  { maxCommands: 12, size: 'max' },
);

test('every story ends as the model says: nothing is charged, captured or refunded twice, and nothing stays open', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(commands, async (story) => {
      const world: model.Model = { orders: [] };
      await fc.asyncModelRun(() => ({ model: world, real: { gateway, tokenId, line } }), story);
      await model.resolve().run(world, { gateway, tokenId, line });
      for (const order of world.orders) {
        seen.add(order.status);
        expect(order.status).not.toMatch(/IN_PROGRESS/);
        expect(notified('PAYMENT_NOTIFICATION', order.id)).toBe(order.status === 'AUTHED_WAITING_CAPTURE' ? 0 : 1);
        for (const { body } of order.refunds)
          expect(notified('REFUND_NOTIFICATION', String(body.refundRequestId))).toBe(1);
      }
      gateway.receiver.received.length = 0;
    }),
    { numRuns: 500, endOnFailure: false },
  );
  expect([...seen].sort()).toEqual(['AUTHED_WAITING_CAPTURE', 'ORDER_CLOSE', 'PAY_SUCCESS']);
}, 240_000);

const notified = (eventType: string, id: string): number =>
  gateway.receiver
    .events(eventType)
    .filter(({ result }) => [result.acquiringOrderId, result.refundRequestId].includes(id)).length;
