/** The HTTP side alone: real database, merchants and signatures, and two small operations in the place of the product. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { operation } from '@waffo/protocol/operation';
import { sign, verify } from '@waffo/protocol/signature';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { BrowserCaller, MerchantCaller } from '../../packages/gateway/src/caller.ts';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import type { Config } from '../../packages/gateway/src/config.ts';
import type { Gateway } from '../../packages/gateway/src/gateway.ts';
import { buildHttp } from '../../packages/gateway/src/http/app.ts';
import { databaseCheck } from '../../packages/gateway/src/http/health.ts';
import { route } from '../../packages/gateway/src/http/route.ts';
import { newApiKey, newClientKey } from '../../packages/gateway/src/id.ts';
import { noLimits } from '../../packages/gateway/src/limits/limits.ts';
import { registerMerchant } from '../../packages/gateway/src/merchant/register.ts';
import { createLog } from '../../packages/gateway/src/observe/log.ts';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

const merchantInfo = z.object({ merchantId: z.string() });

/** `/order/*` envelope, merchant's door. */
const echo = operation({
  path: '/order/echo',
  door: 'merchant',
  summary: 'Echo',
  description: 'Answers what it was given.',
  request: z.object({ text: z.string(), merchantInfo: merchantInfo.optional() }),
  data: z.object({ text: z.string(), merchantId: z.string() }),
  envelope: 'order',
  faults: [],
});

/** `/tokenization/*` envelope, browser's door. */
const touch = operation({
  path: '/tokenization/touch',
  door: 'browser',
  summary: 'Touch',
  description: 'Answers who touched.',
  request: z.object({ returnUrl: z.string().optional() }),
  data: z.object({ merchantId: z.string(), origin: z.string(), mayReturn: z.boolean() }),
  envelope: 'tokenization',
  faults: [],
});

interface DoorMerchant {
  readonly merchantId: string;
  readonly apiKey: string;
  readonly clientApiKey: string;
  readonly privateKey: KeyObject;
  /** Verifies what the gateway signs for this merchant. */
  readonly waffoKey: KeyObject;
}

interface DoorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
  readonly json: any;
  /** Whose key the answer's signature fits: a merchant's id, `system`, or undefined. */
  readonly signedFor: string | undefined;
}

export interface TestDoor {
  readonly http: FastifyInstance;
  readonly gateway: Gateway;
  readonly database: TestDatabase;
  readonly alice: DoorMerchant;
  readonly bob: DoorMerchant;
  readonly logLines: string[];
  /** Every call of a handler. */
  readonly handled: { caller: MerchantCaller | BrowserCaller; input: unknown }[];
  /** Replaces what the merchant's operation does. */
  onEcho(work: ((input: { text: string }) => unknown) | undefined): void;
  send(url: string, body: string | Buffer, headers: Record<string, string>, method?: string): Promise<DoorAnswer>;
  /** A signed call; headers given here win. */
  call(body: object | string | Buffer, as?: DoorMerchant, headers?: Record<string, string>): Promise<DoorAnswer>;
  /** Tells whose key signed these bytes. */
  signerOf(body: Buffer, signature: string): string | undefined;
  close(): Promise<void>;
}

const newPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

export async function openDoor(environment: 'sandbox' | 'production' = 'sandbox'): Promise<TestDoor> {
  const database = await freshDatabase();
  const platform = new Map([['', newPair()]]);
  const clock = new VirtualClock(new Date('2026-11-23T12:00:00.000Z'));
  const logLines: string[] = [];
  const gateway = {
    config: { environment, trustedProxies: [] as readonly string[], shedAfterMs: 0, refusalRate: 10_000 } as Config,
    limits: noLimits,
    clock,
    database: database as Database,
    log: createLog({ level: 'debug', write: (line) => logLines.push(line) }),
    platformKeys: {
      async ensure(merchantId: string) {
        if (!platform.has(merchantId)) platform.set(merchantId, newPair());
      },
      async signerOf(merchantId: string) {
        const pair = platform.get(merchantId);
        if (pair === undefined) throw new Error('no such merchant');
        return pair;
      },
    },
  } as unknown as Gateway;
  const register = async (merchantId: string): Promise<DoorMerchant> => {
    const { privateKey } = newPair();
    const merchant = {
      merchantId,
      apiKey: newApiKey('test'),
      clientApiKey: newClientKey('test'),
      privateKey,
    };
    const publicKey = createPublicKey(privateKey);
    const origins = [`https://${merchantId}.example`];
    await registerMerchant(gateway, { ...merchant, name: merchantId, pciCertified: false, origins, publicKey });
    return { ...merchant, waffoKey: (await gateway.platformKeys.signerOf(merchantId)).publicKey };
  };
  const alice = await register('alice');
  const bob = await register('bob');

  const handled: TestDoor['handled'] = [];
  let work: ((input: { text: string }) => unknown) | undefined;
  const routes = [
    route(echo, async (_gateway, caller, input) => {
      handled.push({ caller, input });
      const given = await work?.(input);
      return (given ?? { text: input.text, merchantId: caller.merchant.merchantId }) as {
        text: string;
        merchantId: string;
      };
    }),
    route(touch, async (_gateway, caller, input) => {
      handled.push({ caller, input });
      const mayReturn = caller.mayReturnTo(input.returnUrl ?? '');
      return { merchantId: caller.merchant.merchantId, origin: caller.origin ?? '', mayReturn };
    }),
  ];
  const http = await buildHttp(gateway, routes, [], undefined, [databaseCheck(gateway)]);

  const signerOf: TestDoor['signerOf'] = (body, signature) => {
    const fitting = [...platform].find(([, { publicKey }]) => verify(body, signature, publicKey));
    return fitting && (fitting[0] || 'system');
  };
  const send: TestDoor['send'] = async (url, body, headers, method = 'POST') => {
    const answer = await http.inject({ method: method as 'POST', url, headers, payload: body });
    const signature = String(answer.headers['x-signature'] ?? '');
    const signedFor = signerOf(answer.rawPayload, signature);
    const json = answer.body === '' ? undefined : JSON.parse(answer.body);
    return { status: answer.statusCode, headers: answer.headers, raw: answer.body, json, signedFor };
  };
  return {
    http,
    gateway,
    database,
    alice,
    bob,
    logLines,
    handled,
    onEcho: (replacement) => {
      work = replacement;
    },
    send,
    signerOf,
    async call(body, as = alice, headers = {}) {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const signature = await sign(bytes, as.privateKey);
      const usual = { 'content-type': 'application/json', 'x-api-key': as.apiKey, 'x-signature': signature };
      return send('/api/v1/order/echo', bytes, { ...usual, ...headers });
    },
    close: () => http.close(),
  };
}
