/** How long gateways that are never restarted take to work again, under load, once a database is there again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildGateway } from './child-gateway.ts';
import type { FailoverLoad } from './failover-load.ts';
import type { Receiver } from './receiver.ts';

const recoversWithinMs = 30_000;

/**
 * Each api has worked again when it has taken a payment, the worker when it has told of one that was taken afterwards.
 *
 * @param scene.gateways - those that the load calls, in its order, and last the worker
 * @param since - `performance.now()` when the database was there again
 * @returns milliseconds of each gateway
 * @throws Error when one does not work again within half a minute
 */
export function recoveryOf(
  scene: {
    readonly load: Pick<FailoverLoad, 'paid'>;
    readonly receivers: readonly Receiver[];
    readonly gateways: readonly ChildGateway[];
  },
  since: number,
): Promise<number[]> {
  const { load, receivers, gateways } = scene;
  /** In the order of their times, of which a long run has many. */
  const paidSince = () => load.paid.slice(load.paid.findLastIndex(({ at }) => at <= since) + 1);
  const heardBefore = receivers.map(({ received }) => received.length);
  const apis = gateways.slice(0, -1).map((_, at) => () => paidSince().find(({ gateway }) => gateway === at)?.at);
  const worker = () => {
    const told = new Set(paidSince().map(({ paymentRequestId }) => paymentRequestId));
    const isTold = receivers.some(({ received }, nth) =>
      received.slice(heardBefore[nth]).some(({ event }) => told.has(event.result.paymentRequestId)),
    );
    return isTold ? performance.now() : undefined;
  };
  return Promise.all(
    [...apis, worker].map(async (workedAt, at) => {
      for (const until = since + recoversWithinMs; performance.now() < until; await sleep(5)) {
        const found = workedAt();
        if (found !== undefined) return found - since;
      }
      throw new Error(
        `process ${at + 1} did not recover within ${recoversWithinMs / 1_000} s: ${gateways[at]?.output()}`,
      );
    }),
  );
}
