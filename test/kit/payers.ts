/** Merchants that pay at several gateways, and do what the codes say: C0001 is repeated at once, E0001 is asked after later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { orderBody } from './order-body.ts';

const payersOfGateway = 3;
const restMs = 100;

interface Open {
  readonly path: string;
  readonly body: object;
}

interface Answered {
  readonly code: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of two operations
  readonly data: any;
}

/**
 * @param as - a merchant that may send bare cards
 * @param urls - the gateways
 * @param notifyUrl - of its orders
 */
export function startPayers(as: SandboxMerchant, urls: readonly string[], notifyUrl: string) {
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  const waffoKey = parsePublicKey(as.waffoPublicKey);
  const codes: Record<string, { count: number; slowestMs: number }> = {};
  const waiting = urls.map(() => new Set<(sentAt: number) => void>());
  const unknown: Open[] = [];
  const paid: string[] = [];
  let orders = 0;
  let unsigned = 0;
  let isOver = false;

  async function send(url: string, { path, body }: Open): Promise<Answered> {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = {
      'content-type': 'application/json',
      'x-api-key': as.apiKey,
      'x-signature': await sign(bytes, privateKey),
    };
    const sentAt = performance.now();
    const response = await fetch(`${url}/api/v1${path}`, { method: 'POST', body: bytes, headers });
    const raw = Buffer.from(await response.arrayBuffer());
    const ms = performance.now() - sentAt;
    if (!verify(raw, response.headers.get('x-signature') ?? '', waffoKey)) unsigned += 1;
    const answer = JSON.parse(raw.toString()) as Answered;
    const { count, slowestMs } = codes[answer.code] ?? { count: 0, slowestMs: 0 };
    codes[answer.code] = { count: count + 1, slowestMs: Math.max(slowestMs, ms) };
    if (answer.code === '0') for (const tell of waiting[urls.indexOf(url)] ?? []) tell(sentAt);
    return answer;
  }

  /** Until it is known, or known to be unknown. */
  async function insist(url: string, call: Open): Promise<Answered | undefined> {
    for (;;) {
      const answer = await send(url, call);
      if (answer.code === 'C0001' || answer.code === 'A0040') {
        await sleep(restMs);
        continue;
      }
      if (answer.code !== 'E0001') return answer;
      unknown.push(call);
      return undefined;
    }
  }

  async function pay(url: string): Promise<void> {
    while (!isOver) {
      const id = `pay_${orders++}`;
      const order = await insist(url, {
        path: '/order/create',
        body: orderBody({ merchantId: as.merchantId, paymentRequestId: id, notifyUrl }),
      });
      if (order?.data?.orderStatus === 'PAY_SUCCESS') {
        paid.push(id);
        const refund = refundOf(as.merchantId, id, order.data.acquiringOrderId);
        if (orders % 4 === 0) await insist(url, { path: '/order/refund', body: refund });
      }
      await sleep(restMs);
    }
  }

  const running = Promise.all(urls.flatMap((url) => Array.from({ length: payersOfGateway }, () => pay(url))));
  running.catch(() => {});
  return {
    /** How long it takes until this gateway answers a call with success that was sent from now on. */
    nextSuccess(at: number): Promise<number> {
      const from = performance.now();
      const tells = waiting[at] as Set<(sentAt: number) => void>;
      return Promise.race([
        running.then(() => Number.POSITIVE_INFINITY),
        new Promise<number>((resolve) => {
          const tell = (sentAt: number) => {
            if (sentAt < from) return;
            tells.delete(tell);
            resolve(performance.now() - from);
          };
          tells.add(tell);
        }),
      ]);
    },
    async end() {
      isOver = true;
      await running;
      return {
        figures: { orders, codes, unsigned, unknown: unknown.length },
        /** Orders that were answered as paid. */
        paid: paid as readonly string[],
        /** Repeats what was left unknown; answers how much of it still is. */
        async askAgain(url: string): Promise<number> {
          const again = await Promise.all(unknown.map((call) => send(url, call)));
          const isOpen = ({ code, data }: Answered) =>
            code !== '0' ||
            !/PAY_SUCCESS|ORDER_CLOSE|REFUNDED|REFUND_FAILED/.test(data.orderStatus ?? data.refundStatus);
          return again.filter(isOpen).length;
        },
      };
    },
  };
}

const refundOf = (merchantId: string, paymentRequestId: string, acquiringOrderId: string) => ({
  merchantId,
  requestedAt: '2026-11-23T12:00:00.000Z',
  refundRequestId: `refund_${paymentRequestId}`,
  acquiringOrderId,
  refundAmount: '40.00',
  refundReason: 'returned',
});
