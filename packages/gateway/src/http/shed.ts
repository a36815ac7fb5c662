/**
 * Turns calls away while this process cannot keep up, before anything is done for them: an answer that comes too late costs as
 * much as one in time. The measure is how late the event loop is. The refusal is made and signed once.
 */

import type { KeyObject } from 'node:crypto';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { apiPrefix } from '@waffo/protocol/operation';
import { signatureHeader } from '@waffo/protocol/signature';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Fault } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import { envelopeOf, renderFault, type Signed } from './render.ts';

const resolutionMs = 20;
/** Real time, whatever the gateway's clock says: the event loop knows no other. */
const lookEveryMs = 500;
const retryAfterSeconds = 1;

/** Mean lateness since the last look, in milliseconds. */
export type Lateness = () => number;

/**
 * @param limitMs - mean lateness beyond which calls are turned away; 0 never does
 * @param lateness - the event loop's own when absent
 */
export async function shedLoad(
  http: FastifyInstance,
  { log, system }: { readonly log: Log; readonly system: KeyObject },
  limitMs: number,
  lateness?: Lateness,
): Promise<void> {
  if (limitMs === 0) return;
  const busy = new Fault('UNAVAILABLE', 'The gateway is busy; try again');
  const answers = {
    order: await renderFault('order', busy, system),
    tokenization: await renderFault('tokenization', busy, system),
  };
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const ask = lateness ?? (() => latenessIn(histogram));
  let isLate = false;
  let turnedAway = 0;
  const timer = setInterval(() => {
    isLate = ask() > limitMs;
    if (turnedAway > 0) log.warn('calls were turned away: the process cannot keep up', { detail: String(turnedAway) });
    turnedAway = 0;
  }, lookEveryMs);
  timer.unref();
  http.addHook('onClose', async () => {
    clearInterval(timer);
    histogram.disable();
  });
  http.addHook('onRequest', async (request, reply) => {
    if (!isLate || !request.url.startsWith(`${apiPrefix}/`)) return undefined;
    turnedAway += 1;
    return turnAway(reply, answers[envelopeOf(request.url)]);
  });
}

function latenessIn(histogram: IntervalHistogram): number {
  const meanMs = histogram.mean / 1e6 - resolutionMs;
  histogram.reset();
  return Number.isFinite(meanMs) ? meanMs : 0;
}

const turnAway = (reply: FastifyReply, { status, body, signature }: Signed): FastifyReply =>
  reply
    .code(status)
    .headers({
      [signatureHeader]: signature,
      'Content-Type': 'application/json; charset=utf-8',
      'Retry-After': retryAfterSeconds,
    })
    .send(body);
