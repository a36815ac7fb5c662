/**
 * What a pause costs on this machine. At an easy load a gateway waits some milliseconds between two calls. Where others share the
 * processor, its caches hold their things by then, and the same code takes longer than in a crowd of calls.
 */
import * as operations from '@waffo/protocol/operations/order';
import { parseRequest } from '../packages/gateway/src/http/parse-request.ts';
import { orderOf } from './corpus.ts';
import { median } from './paces.ts';

/** About what lies between two calls at the easy load. */
export const pauseMs = 4;
const untilOptimised = 5_000;
const times = 300;

/** @returns how many times as long as right after itself it takes to read and check an order after a pause */
export function costOfAPause(): number {
  const as = { merchantId: 'm', apiKey: '', clientApiKey: '', merchantPrivateKey: '' } as Parameters<typeof orderOf>[0];
  const body = Buffer.from(JSON.stringify(orderOf(as, 'token', 'https://shop.example/notify')));
  const work = (): string => JSON.stringify(parseRequest(operations.create.request, body).input);
  for (let done = 0; done < untilOptimised; done++) work();
  const inMs = (pause: number): number => {
    // The processor does not sleep: it would be woken later, and slower, and that is another thing.
    for (const until = performance.now() + pause; performance.now() < until; );
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  const middle = (pause: number): number => median(Array.from({ length: times }, () => inMs(pause))) as number;
  return middle(pauseMs) / middle(0);
}
