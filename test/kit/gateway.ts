/**
 * A whole gateway in the process, for tests: real PostgreSQL, real sockets, a virtual clock, a merchant's webhook
 * endpoint, and clients that sign as a merchant does.
 */
import type { KeyObject } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CardInput } from '@waffo/protocol/envelope/record';
import { seal } from '@waffo/protocol/envelope/seal';
import { sign, verify } from '@waffo/protocol/signature';
import { inject } from 'vitest';
import { type App, startApp } from '../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import { configFrom } from '../../packages/gateway/src/config.ts';
import type { SandboxFile, SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { beginning } from './beginning.ts';
import { faultsOfAnswer, faultsOfWebhook } from './contract.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { privateKeyOf, publicKeyOf } from './keys.ts';
import { faultsOfLedger } from './ledger.ts';
import { askedOf, faultsOfPlans } from './plans.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { testCard } from './test-card.ts';
import { travelTo } from './travel.ts';
import { faultsOfVendorAnswer } from './vendor.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly raw: string;
  readonly code: string;
  readonly msg: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
  readonly data: any;
  /** Whether X-SIGNATURE fits the bytes under the merchant's Waffo key. */
  readonly signed: boolean;
}

export interface TestGateway {
  readonly app: App;
  readonly url: string;
  readonly clock: VirtualClock;
  readonly database: TestDatabase;
  readonly receiver: Receiver;
  readonly merchant: SandboxMerchant;
  readonly pci: SandboxMerchant;
  readonly logLines: string[];
  /** Every answer's and every webhook's text, for leak scans. */
  readonly answers: Answer[];
  /** A signed call of the ordinary merchant (or another one). `merchantInfo` and times are added when absent. */
  call(path: string, body: object, as?: SandboxMerchant): Promise<Answer>;
  /** Sends exactly these bytes. */
  send(
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    verifyWith?: KeyObject,
  ): Promise<Answer>;
  /** Seals and submits a card as the browser SDK does. */
  submit(tokenSessionId: string, card: Partial<CardInput>, extra?: object): Promise<Answer>;
  /** generate + submit + delivery; the token id from the webhook. */
  bind(card?: Partial<CardInput>, user?: string): Promise<string>;
  /** Runs everything that is due now, until nothing is. */
  settle(): Promise<void>;
  /** Lets virtual time pass, doing all that falls due on the way at its very moment. */
  travel(ms: number): Promise<void>;
  stop(): Promise<void>;
}

let counter = 0;
/** An id that is new in this run. */
export const freshId = (prefix: string): string => `${prefix}_${process.pid}_${Date.now().toString(36)}_${++counter}`;

/** @param routeTo - what the gateway connects to in the place of its database, such as something that breaks connections */
export async function startTestGateway(
  settings: Record<string, string> = {},
  routeTo: (databaseUrl: string) => Promise<string> = async (url) => url,
): Promise<TestGateway> {
  const [database, home] = await furnishedPlace();
  const clock = new VirtualClock(beginning);
  const logLines: string[] = [];
  const keys: { privateKey?: KeyObject } = {};
  const receiver = await startReceiver(keys);
  const config = configFrom({
    WAFFO_HOME: home,
    WAFFO_PORT: '0',
    WAFFO_DATABASE_URL: await routeTo(database.url),
    WAFFO_LOG_LEVEL: 'debug',
    // Tests are refused more often than any caller, and none of them is to wait.
    WAFFO_REFUSAL_RATE: '100000',
    ...settings,
  });
  const app = await startApp(config, { clock, writeLog: (line) => logLines.push(line) });
  // The standing jobs run once at the start; a test that looks at the rows is not to see them change by themselves.
  await app.runner.drain();
  const sandbox = sandboxOf(app);
  keys.privateKey = privateKeyOf(sandbox.merchantPrivateKey);
  const client = clientOf(app, sandbox);
  const gateway: TestGateway = {
    ...client,
    app,
    url: app.url,
    clock,
    database,
    receiver,
    merchant: sandbox,
    pci: sandbox.pci,
    logLines,
    bind: (card, user) => bind(gateway, card, user),
    settle: async () => {
      await app.runner.drain();
    },
    travel: (ms) => travelTo(app.runner, clock, new Date(clock.now().getTime() + ms)),
    async stop() {
      const unbalanced = await faultsOfLedger(database);
      const { database: gateways } = app.gateway;
      const asked = await askedOf([gateways, gateways.ofMerchant(sandbox.merchantId)]);
      await app.stop();
      await receiver.stop();
      await rm(home, { recursive: true, force: true });
      const slow = await faultsOfPlans(database, asked);
      if (unbalanced.length > 0) throw new Error(`the ledger does not add up: ${unbalanced.join('; ')}`);
      if (slow.length > 0) throw new Error(`what grows is read from end to end: ${slow.join('; ')}`);
      const wrong = receiver.received.flatMap(({ event }) => faultsOfWebhook(event));
      if (wrong.length > 0) throw new Error(`a webhook breaks the contract: ${wrong.join('; ')}`);
    },
  };
  return gateway;
}

/** Where a gateway has started once before; in a project that prepares none, nobody has. */
async function furnishedPlace(): Promise<[TestDatabase, home: string]> {
  const model = { database: inject('furnishedDatabase'), home: inject('furnishedHome') };
  const home = await mkdtemp(join(tmpdir(), 'waffo-test-'));
  if (model.home !== undefined) await cp(model.home, home, { recursive: true });
  return [await freshDatabase({ template: model.database }), home];
}

/** Keys of the sandbox's merchants. */
export function sandboxOf({ sandbox }: App): SandboxFile {
  if (sandbox === undefined) throw new Error('a worker has no merchants that could call it');
  return sandbox;
}

function clientOf(app: App, sandbox: SandboxFile): Pick<TestGateway, 'call' | 'send' | 'submit' | 'answers'> {
  const answers: Answer[] = [];
  const send: TestGateway['send'] = async (path, body, headers, verifyWith) => {
    const response = await fetch(`${app.url}${path}`, { method: 'POST', body: body as BodyInit, headers });
    const raw = await response.text();
    const { code, msg, data } = parseOr(raw);
    const signature = response.headers.get('x-signature') ?? '';
    const key = verifyWith ?? publicKeyOf(sandbox.waffoPublicKey);
    const answer = { status: response.status, headers: response.headers, raw, code, msg, data };
    const signed = verify(Buffer.from(raw), signature, key);
    const { publicKey: systemKey } = await app.gateway.platformKeys.signerOf('');
    if (!signed && !isOurs(Buffer.from(raw), signature, systemKey)) throw new Error(`an answer is not signed: ${raw}`);
    const wrong = [...faultsOfAnswer(path, response.status, parseOr(raw)), ...faultsOfVendorAnswer(path, parseOr(raw))];
    if (wrong.length > 0) throw new Error(`an answer breaks the contract: ${wrong.join('; ')}\n${raw}`);
    answers.push({ ...answer, signed });
    return { ...answer, signed };
  };
  /** By the system, or by the other merchant of the sandbox. */
  const isOurs = (raw: Buffer, signature: string, systemKey: KeyObject) =>
    [systemKey, publicKeyOf(sandbox.pci.waffoPublicKey), publicKeyOf(sandbox.waffoPublicKey)].some((key) =>
      verify(raw, signature, key),
    );
  return {
    answers,
    send,
    async call(path, body, as = sandbox) {
      const bytes = Buffer.from(JSON.stringify(completed(path, body, as.merchantId)));
      const signature = await sign(bytes, privateKeyOf(as.merchantPrivateKey));
      const headers = { 'content-type': 'application/json', 'x-api-key': as.apiKey, 'x-signature': signature };
      return send(`/api/v1${path}`, bytes, headers, publicKeyOf(as.waffoPublicKey));
    },
    async submit(tokenSessionId, card, extra = {}) {
      const encryptedCard = await seal(tokenSessionId, { ...testCard, ...card });
      const headers = { 'content-type': 'application/json', 'x-api-key': sandbox.clientApiKey };
      return send('/api/v1/tokenization/submit', JSON.stringify({ tokenSessionId, encryptedCard, ...extra }), headers);
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: an answer may be anything
function parseOr(raw: string): any {
  try {
    return JSON.parse(raw);
  } catch {
    return {};
  }
}

/** Where an operation wants the merchant's id and its own time, when the test does not say otherwise. */
const filled: Readonly<Record<string, { readonly merchantId?: true; readonly time?: string }>> = {
  '/order/inquiry': {},
  '/refund/inquiry': {},
  '/order/cancel': { merchantId: true, time: 'orderRequestedAt' },
  '/order/capture': { merchantId: true, time: 'captureRequestedAt' },
  '/order/refund': { merchantId: true, time: 'requestedAt' },
  '/subscription/inquiry': {},
  '/subscription/update': {},
  '/subscription/manage': {},
  '/subscription/change/inquiry': {},
  '/subscription/cancel': { merchantId: true, time: 'requestedAt' },
  '/merchantconfig/inquiry': { merchantId: true },
  '/paymethodconfig/inquiry': { merchantId: true },
};

function completed(path: string, body: object, merchantId: string): object {
  const wants = filled[path];
  if (wants === undefined) return { ...(!('merchantInfo' in body) && { merchantInfo: { merchantId } }), ...body };
  return {
    ...(wants.merchantId && { merchantId }),
    ...(wants.time !== undefined && { [wants.time]: beginning.toISOString() }),
    ...body,
  };
}

async function bind(gateway: TestGateway, card: Partial<CardInput> = {}, user = 'user_1'): Promise<string> {
  const tokenRequestId = freshId('treq');
  const opened = await gateway.call('/tokenization/generate', {
    tokenRequestId,
    merchantUserId: user,
    tokenType: 'CARD',
    notifyUrl: gateway.receiver.url,
  });
  const submitted = await gateway.submit(opened.data.tokenSessionId, card);
  if (submitted.code !== '0') throw new Error(`the card was not bound: ${submitted.raw}`);
  const [token] = (await gateway.call('/tokenization/inquiry', { tokenRequestId })).data;
  await gateway.settle();
  return token.tokenId;
}

/** A complete order; override what the test is about. */
export const orderOf = (gateway: TestGateway, fields: object = {}): Record<string, unknown> => ({
  paymentRequestId: freshId('p').slice(-32),
  merchantOrderId: freshId('mo'),
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  notifyUrl: gateway.receiver.url,
  userInfo: { userId: 'user_1', userEmail: 'user_1@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  ...fields,
});
