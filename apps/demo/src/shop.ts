/** The shop's server: a merchant's backend as the guide draws it. It must never be sent a card number. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Waffo, WaffoError } from '@waffo/waffo-node';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { currency, plans, products } from './catalogue.ts';
import { type Checkout, createCheckout } from './checkout.ts';
import { type Club, createClub, isMember } from './membership.ts';
import { createOrderBook, type OrderBook } from './orders.ts';
import { readPageFiles, securityHeaders } from './page-files.ts';
import type { SandboxSettings } from './sandbox-file.ts';
import { type Operator, passMonth } from './time-machine.ts';
import { createWebhookLog, type WebhookLog } from './webhook-log.ts';
import { addWebhookRoute } from './webhook-route.ts';

export interface Shop {
  /** Origin, e.g. `http://127.0.0.1:4020`. */
  readonly url: string;
  readonly server: Server;
  stop(): Promise<void>;
}

export interface ShopOptions {
  /** The merchant's settings, as `sandbox.json` has them. */
  readonly sandbox: SandboxSettings;
  /** On 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Lets the page move the clock. */
  readonly operator?: Operator | undefined;
}

/**
 * @returns a shop that listens
 * @throws Error when the port is taken or the browser SDK is not built
 * @example const shop = await startShop({ sandbox: await readSandboxFile('.waffo/sandbox.json'), port: 4020 })
 */
export async function startShop({ sandbox, port, operator }: ShopOptions): Promise<Shop> {
  const waffo = new Waffo({
    environment: 'sandbox',
    baseUrl: sandbox.baseUrl,
    merchantId: sandbox.merchantId,
    apiKey: sandbox.apiKey,
    privateKey: sandbox.merchantPrivateKey,
    waffoPublicKey: sandbox.waffoPublicKey,
  });
  const log = createWebhookLog();
  const http = fastify({ forceCloseConnections: true, bodyLimit: 65_536 });
  const address = { url: '' };
  http.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders(sandbox.baseUrl));
  });
  http.addHook('onRequest', refuseForeignPages);
  http.setErrorHandler(answerFailure);
  await addPage(http);
  await addWebhookRoute(http, waffo, log);
  const orders = createOrderBook(waffo);
  const notifyUrl = (): string => `${address.url}/webhook`;
  addOrders(http, orders, notifyUrl);
  const club = createClub(waffo);
  addClub(http, club, notifyUrl);
  addTimeMachine(http, operator && (() => passMonth(operator, sandbox.merchantId)));
  addApi(http, {
    checkout: () => createCheckout(waffo, notifyUrl(), orders.remember),
    settings: () => ({
      baseUrl: sandbox.baseUrl,
      clientApiKey: sandbox.clientApiKey,
      currency,
      products,
      plans,
      mayTravel: operator !== undefined,
      webhookCount: log.count(),
    }),
  });
  addLiveLog(http, log);
  await http.listen({ port, host: '127.0.0.1' });
  address.url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  return { url: address.url, server: http.server, stop: () => http.close() };
}

async function addPage(http: FastifyInstance): Promise<void> {
  for (const [path, { type, body }] of await readPageFiles()) {
    http.get(path, async (_request, reply) => reply.type(type).send(body));
  }
}

interface Api {
  checkout(): Checkout;
  settings(): object;
}

function addApi(http: FastifyInstance, { checkout, settings }: Api): void {
  http.get('/api/shop', async () => settings());
  http.post('/api/sessions', async () => checkout().openSession());
  http.get('/api/cards', async () => checkout().listCards());
  http.delete<{ Params: { tokenId: string } }>('/api/cards/:tokenId', async ({ params }, reply) => {
    await checkout().removeCard(params.tokenId);
    return reply.code(204).send();
  });
  http.post<{ Params: { tokenId: string }; Body: { productId?: unknown } | null }>(
    '/api/cards/:tokenId/payments',
    async ({ params, body }, reply) => {
      const product = products.find(({ productId }) => productId === body?.productId);
      if (product === undefined) return reply.code(400).send({ message: 'The shop does not sell this.' });
      return checkout().pay(params.tokenId, product);
    },
  );
  http.post<{ Body: { productId?: unknown } | null }>('/api/checkouts', async ({ body }, reply) => {
    const product = products.find(({ productId }) => productId === body?.productId);
    if (product === undefined) return reply.code(400).send({ message: 'The shop does not sell this.' });
    return checkout().payThere(product);
  });
}

function addOrders(http: FastifyInstance, orders: OrderBook, notifyUrl: () => string): void {
  http.get('/api/orders', async () => orders.list());
  http.post<{ Params: { orderId: string } }>('/api/orders/:orderId/refund', async ({ params }, reply) => {
    const refunded = await orders.refund(params.orderId, notifyUrl());
    return refunded ?? reply.code(404).send({ message: 'The shop does not know this order any more.' });
  });
}

function addClub(http: FastifyInstance, club: Club, notifyUrl: () => string): void {
  http.get('/api/membership', async () => ({ membership: (await club.show()) ?? null }));
  http.post<{ Body: { planId?: unknown } | null }>('/api/membership', async ({ body }, reply) => {
    const plan = plans.find(({ planId }) => planId === body?.planId);
    if (plan === undefined) return reply.code(400).send({ message: 'The shop has no such plan.' });
    if (isMember(await club.show())) return reply.code(409).send({ message: 'You are a member already.' });
    return club.join(plan, notifyUrl());
  });
  http.post('/api/membership/upgrade', async () => club.upgrade(notifyUrl()));
  http.post('/api/membership/page', async () => club.manage());
}

/** @param pass - undefined: the shop was not told how */
function addTimeMachine(http: FastifyInstance, pass: (() => Promise<void>) | undefined): void {
  http.post('/api/month', async (_request, reply) => {
    if (pass === undefined) return reply.code(404).send({ message: 'This shop cannot move the clock.' });
    await pass();
    return reply.code(204).send();
  });
}

/** Server-sent events; a browser that comes back says what it has seen last. */
function addLiveLog(http: FastifyInstance, log: WebhookLog): void {
  http.get('/api/webhooks', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    const send = (entry: { number: number }): void => {
      raw.write(`id: ${entry.number}\ndata: ${JSON.stringify(entry)}\n\n`);
    };
    raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    raw.write('retry: 1000\n\n');
    for (const entry of log.since(Number(request.headers['last-event-id'] ?? 0))) send(entry);
    request.raw.once('close', log.subscribe(send));
  });
}

/** Pages of other sites cannot pay with the shopper's cards; browsers say where a request comes from. */
async function refuseForeignPages(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const site = request.headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  return isForeign && request.url.startsWith('/api/')
    ? reply.code(403).send({ message: 'Only for this shop.' })
    : undefined;
}

function answerFailure(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const isRefusal = error instanceof WaffoError;
  const message = isRefusal ? error.message : 'The shop has a problem. Please try again.';
  reply.code(isRefusal ? 502 : 500).send({ message, ...(isRefusal && { code: error.code }) });
}
