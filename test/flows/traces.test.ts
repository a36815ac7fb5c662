/** What an OpenTelemetry SDK beside the gateway is told: each hop under the one that made it, and nothing that is nobody's business. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { testCard } from '../kit/test-card.ts';

const storage = new AsyncLocalStorage<Context>();
/** The SDK's own, in short. */
const contexts: ContextManager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...values) => storage.run(active, () => work.apply(self, values)),
  bind: (active, target) =>
    typeof target === 'function' ? (...values: unknown[]) => storage.run(active, () => target(...values)) : target,
  enable: () => contexts,
  disable: () => contexts,
} as ContextManager;

const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
let gateway: TestGateway;

beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(contexts);
  gateway = await startTestGateway();
});
beforeEach(() => memory.reset());
afterAll(async () => {
  await gateway.stop();
  trace.disable();
  context.disable();
  await provider.shutdown();
});

/** The names of a span and all above it, outermost first, with what tells them apart. */
function roadTo(span: ReadableSpan, spans: readonly ReadableSpan[]): string {
  const { operation, verb, job, outcome, code } = fieldsOf(span);
  const own = [span.name, job ?? operation, verb, outcome ?? code].filter((word) => word !== undefined).join(' ');
  const above = spans.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
  return above === undefined ? own : `${roadTo(above, spans)} > ${own}`;
}
const fieldsOf = ({ attributes }: ReadableSpan): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replace(/^.*\./, ''), value]));
const roads = () => {
  const spans = memory.getFinishedSpans();
  return spans.map((span) => roadTo(span, spans));
};

test('a payment is traced from the request to the acquirer, and its notification under its own job', async () => {
  const tokenId = await gateway.bind();
  await gateway.call('/order/create', orderOf(gateway, { tokenId }));
  await gateway.settle();
  expect(roads()).toEqual(
    expect.arrayContaining([
      'request /tokenization/submit 0 > operation /tokenization/submit > connector verify approved',
      'request /order/create 0',
      'request /order/create 0 > operation /order/create > connector purchase approved',
      'job webhook/deliver > webhook acknowledged',
    ]),
  );
  expect(roads().filter((road) => /request.*job/.test(road))).toEqual([]);
});

test('a refusal never reaches an operation, and says its code', async () => {
  await gateway.call('/order/create', orderOf(gateway), { ...gateway.merchant, apiKey: gateway.pci.apiKey });
  expect(roads().filter((road) => road.startsWith('request'))).toEqual(['request /order/create A0002']);
});

test('no span carries a card, a key, a body or a URL: only what is on the list', async () => {
  const tokenId = await gateway.bind();
  gateway.receiver.behave('down');
  await gateway.call('/order/create', orderOf(gateway, { tokenId }));
  await gateway.settle();
  gateway.receiver.behave('acknowledge');
  const spans = memory.getFinishedSpans();
  const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  const allowed = 'request_id operation merchant_id code job attempt connector verb outcome'.split(' ');
  expect([...names].filter((name) => !allowed.includes(name.replace(/^waffo\./, '')))).toEqual([
    'http.response.status_code',
  ]);
  const told = JSON.stringify(
    spans.map(({ name, attributes, events, status, links }) => [name, attributes, events, status, links]),
  );
  for (const secret of [
    testCard.pan,
    testCard.name,
    tokenId,
    gateway.merchant.apiKey,
    gateway.receiver.url,
    'message',
    'stack',
  ]) {
    expect(told).not.toContain(secret);
  }
  expect(told).toContain('not acknowledged');
});
