/**
 * Merchants that bind cards, pay, refund and remove tokens while databases come and go. Each call is repeated, under its own
 * id, until it is answered; every effect that was acknowledged is written down, for a judge to look for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import type { Receiver } from './receiver.ts';
import { testCard } from './test-card.ts';

/** What was answered with success, by the merchant's own id, with the status that was told last. */
export interface Acknowledged {
  readonly tokens: Map<string, string>;
  readonly removed: Set<string>;
  readonly orders: Map<string, string>;
  readonly refunds: Map<string, string>;
}

interface PaidOrder {
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
  /** Calls that were not answered at all. */
  unanswered(): number;
  /** What was answered, by code. */
  readonly codes: Readonly<Record<string, { readonly count: number; readonly slowestMs: number }>>;
  /** Answers that no failover may bring, and those that are not signed for their merchant. */
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
/** What a call that is sent for the first time may be answered; a repeat may meet its twin, or what the twin has done. */
const firstAnswers = new Set(['0', 'C0001', 'E0001']);

interface Shop {
  readonly as: SandboxMerchant;
  readonly receiver: Pick<Receiver, 'url'>;
}

interface Book {
  readonly urls: readonly string[];
  readonly acknowledged: Acknowledged;
  readonly paid: PaidOrder[];
  readonly refused: string[];
  readonly codes: Record<string, { count: number; slowestMs: number }>;
  repeated: number;
  unanswered: number;
  turn: number;
}

/**
 * @param options.urls - origins of the gateways, called by turns
 * @param options.clientsOfEach - stories at a time, of each shop
 */
export function startFailoverLoad(options: {
  readonly urls: readonly string[];
  readonly shops: readonly Shop[];
  readonly clientsOfEach: number;
}): FailoverLoad {
  const acknowledged: Acknowledged = { tokens: new Map(), removed: new Set(), orders: new Map(), refunds: new Map() };
  const counts = { repeated: 0, unanswered: 0, turn: 0 };
  const book: Book = { urls: options.urls, acknowledged, paid: [], refused: [], codes: {}, ...counts };
  let isEnding = false;
  const running = options.shops.flatMap((shop, at) => {
    const story = storyOf(shop, book);
    return Array.from({ length: options.clientsOfEach }, async (_, client) => {
      for (let n = 0; !isEnding; n++) await story(`${at}_${client}_${n}`, n % 2 === 0);
    });
  });
  for (const one of running) one.catch(() => {});
  return {
    acknowledged,
    paid: book.paid,
    repeated: () => book.repeated,
    unanswered: () => book.unanswered,
    codes: book.codes,
    refused: book.refused,
    async end() {
      isEnding = true;
      await Promise.all(running);
    },
  };
}

type Call = (path: string, fields: object, repeat?: ReadonlySet<string>) => Promise<Answer>;

/** Sends a call of a shop, to the gateways by turns, until it is answered. */
function callerOf({ as }: Shop, book: Book): Call {
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  const waffoKey = parsePublicKey(as.waffoPublicKey);

  async function send(path: string, body: string, headers: Record<string, string>): Promise<Answer | undefined> {
    const gateway = book.turn++ % book.urls.length;
    const sentAt = performance.now();
    const heard = await fetch(`${book.urls[gateway]}/api/v1${path}`, { method: 'POST', body, headers })
      .then(async (response) => ({ response, raw: Buffer.from(await response.arrayBuffer()) }))
      .catch(() => undefined);
    if (heard === undefined) {
      book.unanswered += 1;
      return undefined;
    }
    const { response, raw } = heard;
    const answer = JSON.parse(raw.toString()) as Omit<Answer, 'gateway'>;
    const { count, slowestMs } = book.codes[answer.code] ?? { count: 0, slowestMs: 0 };
    const ms = performance.now() - sentAt;
    book.codes[answer.code] = { count: count + 1, slowestMs: Math.max(slowestMs, ms) };
    const isSigned = verify(raw, response.headers.get('x-signature') ?? '', waffoKey);
    if (!isSigned) book.refused.push(`${path}: not signed for its merchant: ${raw}`);
    if (answer.code === 'C0001' && response.status !== 503) book.refused.push(`${path}: C0001 with ${response.status}`);
    return { ...answer, gateway };
  }

  return async (path, fields, repeat = again) => {
    const isBrowser = path === '/tokenization/submit';
    const body = JSON.stringify(isBrowser ? fields : { merchantInfo: { merchantId: as.merchantId }, ...fields });
    const headers = {
      'content-type': 'application/json',
      'x-api-key': isBrowser ? as.clientApiKey : as.apiKey,
      ...(!isBrowser && { 'x-signature': await sign(Buffer.from(body), privateKey) }),
    };
    const until = Date.now() + answeredWithinMs;
    for (let tries = 0; Date.now() < until; tries++, await sleep(pauseMs)) {
      const answer = await send(path, body, headers);
      if (answer !== undefined && tries === 0 && !firstAnswers.has(answer.code))
        book.refused.push(`${path}, sent once: ${JSON.stringify(answer)}`);
      if (answer !== undefined && !repeat.has(answer.code)) return answer;
      book.repeated += 1;
    }
    throw new Error(`${path} was not answered within ${answeredWithinMs / 1_000} s`);
  };
}

/** @returns binds a card, pays three orders, pays the first back in part, and removes the token if it is told to */
function storyOf(shop: Shop, book: Book): (id: string, removes: boolean) => Promise<void> {
  const { as, receiver } = shop;
  const { acknowledged, paid, refused } = book;
  const notifyUrl = receiver.url;
  const call = callerOf(shop, book);

  /** @returns undefined when the outcome is not known: then nothing was promised */
  async function done(path: string, fields: object, repeat?: ReadonlySet<string>): Promise<Answer | undefined> {
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

  return async (id, removes) => {
    const tokenId = await bind(`t${id}`);
    if (tokenId === undefined) return;
    for (const nth of [1, 2, 3]) {
      const order = await pay(`o${id}_${nth}`, tokenId);
      if (order !== undefined && nth === 1) await refund(`r${id}`, order);
    }
    if (removes && (await done('/tokenization/remove', { tokenId, tokenType: 'CARD' })))
      acknowledged.removed.add(tokenId);
  };
}
