/**
 * Merchants that bind cards, pay, refund and remove tokens while databases come and go. Each call is repeated, under its own
 * id, until it is answered; every effect that was acknowledged is written down, for a judge to look for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { testCard } from './gateway.ts';

/** What was answered with success, by the merchant's own id, with the status that was told last. */
export interface Acknowledged {
  readonly tokens: Map<string, string>;
  readonly removed: Set<string>;
  readonly orders: Map<string, string>;
  readonly refunds: Map<string, string>;
}

export interface PaidOrder {
  readonly paymentRequestId: string;
  /** Which of the gateways answered. */
  readonly gateway: number;
  /** `performance.now()` */
  readonly at: number;
}

export interface FailoverLoad {
  readonly acknowledged: Acknowledged;
  readonly paid: readonly PaidOrder[];
  /** Calls that were answered C0001, or not at all, and were repeated. */
  repeated(): number;
  /** Answers that no failover may bring. */
  readonly refused: readonly string[];
  /** Ends what is under way. */
  end(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of several operations
type Answer = { readonly code: string; readonly data: any; readonly gateway: number };

const refundAmount = '40.00';
const answeredWithinMs = 60_000;
const pauseMs = 50;
/** What to repeat: the database was away, or the same call is under way elsewhere. */
const again = new Set(['C0001', 'A0040']);

/**
 * @param options.urls - origins of the gateways, called by turns
 * @param options.clients - stories at a time
 */
export function startFailoverLoad(options: {
  readonly as: SandboxMerchant;
  readonly urls: readonly string[];
  readonly clients: number;
  readonly notifyUrl: string;
}): FailoverLoad {
  const { as, urls, clients, notifyUrl } = options;
  const acknowledged: Acknowledged = { tokens: new Map(), removed: new Set(), orders: new Map(), refunds: new Map() };
  const paid: PaidOrder[] = [];
  const refused: string[] = [];
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  let repeated = 0;
  let turn = 0;
  let isEnding = false;

  async function call(path: string, fields: object, repeat = again): Promise<Answer> {
    const isBrowser = path === '/tokenization/submit';
    const body = JSON.stringify(isBrowser ? fields : { merchantInfo: { merchantId: as.merchantId }, ...fields });
    const headers = {
      'content-type': 'application/json',
      'x-api-key': isBrowser ? as.clientApiKey : as.apiKey,
      ...(!isBrowser && { 'x-signature': await sign(Buffer.from(body), privateKey) }),
    };
    for (const until = Date.now() + answeredWithinMs; Date.now() < until; await sleep(pauseMs)) {
      const gateway = turn++ % urls.length;
      const answer = await fetch(`${urls[gateway]}/api/v1${path}`, { method: 'POST', body, headers })
        .then((response) => response.json() as Promise<Omit<Answer, 'gateway'>>)
        .catch(() => undefined);
      if (answer !== undefined && !repeat.has(answer.code)) return { ...answer, gateway };
      repeated += 1;
    }
    throw new Error(`${path} was not answered within ${answeredWithinMs / 1_000} s`);
  }

  /** @returns undefined when the outcome is not known: then nothing was promised */
  async function done(path: string, fields: object, repeat?: Set<string>): Promise<Answer | undefined> {
    const answer = await call(path, fields, repeat);
    if (answer.code === '0') return answer;
    if (answer.code !== 'E0001') refused.push(`${path}: ${JSON.stringify(answer)}`);
    return undefined;
  }

  async function bind(id: string): Promise<string | undefined> {
    const session = { tokenRequestId: id, merchantUserId: id, tokenType: 'CARD', notifyUrl };
    // What a session's commit came to is found out by asking for it again.
    const opened = await done('/tokenization/generate', session, new Set([...again, 'E0001']));
    if (opened === undefined) return undefined;
    const { tokenSessionId } = opened.data;
    const encryptedCard = await seal(tokenSessionId, testCard);
    // A card that is sent again after a lost answer may be refused: its session has it.
    const { code } = await call('/tokenization/submit', { tokenSessionId, encryptedCard });
    if (code === '0') acknowledged.tokens.set(id, '');
    const found = await done('/tokenization/inquiry', { tokenRequestId: id });
    const token = found?.data[0];
    if (token !== undefined) acknowledged.tokens.set(id, token.tokenId);
    else if (code === '0') refused.push(`${id} was bound, and has no token`);
    return token?.tokenId;
  }

  async function pay(id: string, tokenId: string): Promise<string | undefined> {
    const order = await done('/order/create', {
      paymentRequestId: id,
      merchantOrderId: id,
      orderCurrency: 'HKD',
      orderAmount: '100.00',
      orderDescription: 'Three teapots',
      orderRequestedAt: new Date().toISOString(),
      userInfo: { userId: id, userEmail: 'u@example.com', userTerminal: 'WEB' },
      paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
      tokenId,
      notifyUrl,
    });
    if (order === undefined) return undefined;
    acknowledged.orders.set(id, order.data.orderStatus);
    if (order.data.orderStatus !== 'PAY_SUCCESS') return undefined;
    paid.push({ paymentRequestId: id, gateway: order.gateway, at: performance.now() });
    return order.data.acquiringOrderId;
  }

  async function refund(id: string, acquiringOrderId: string): Promise<void> {
    const refunded = await done('/order/refund', {
      merchantId: as.merchantId,
      refundRequestId: id,
      acquiringOrderId,
      refundAmount,
      refundReason: 'Broken spout',
      requestedAt: new Date().toISOString(),
      refundNotifyUrl: notifyUrl,
    });
    if (refunded !== undefined) acknowledged.refunds.set(id, refunded.data.refundStatus);
  }

  /** Three orders; the first is paid back in part, and of every second story the token is removed. */
  async function story(id: string, removes: boolean): Promise<void> {
    const tokenId = await bind(`t${id}`);
    if (tokenId === undefined) return;
    for (const nth of [1, 2, 3]) {
      const order = await pay(`o${id}_${nth}`, tokenId);
      if (order !== undefined && nth === 1) await refund(`r${id}`, order);
    }
    if (removes && (await done('/tokenization/remove', { tokenId, tokenType: 'CARD' })))
      acknowledged.removed.add(tokenId);
  }

  const running = Array.from({ length: clients }, async (_, client) => {
    for (let n = 0; !isEnding; n++) await story(`${client}_${n}`, n % 2 === 0);
  });
  for (const one of running) one.catch(() => {});
  return {
    acknowledged,
    paid,
    repeated: () => repeated,
    refused,
    async end() {
      isEnding = true;
      await Promise.all(running);
    },
  };
}
