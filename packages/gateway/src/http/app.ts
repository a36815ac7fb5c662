/** Builds the HTTP side of the gateway: limits, raw bodies, one route for each operation, signed answers to everything else. */
import { apiPrefix } from '@waffo/protocol/operation';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newRowId } from '../id.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Page } from '../page/page.ts';
import { brokenHttp } from './broken-http.ts';
import { preflightHeaders } from './cors.ts';
import { type Dispatcher, dispatch, refuse } from './dispatch.ts';
import { drain } from './drain.ts';
import { faultFromFramework } from './fault-from.ts';
import { inGroups } from './groups.ts';
import { addHealth, type HealthCheck } from './health.ts';
import { isLeaving, leave } from './leave.ts';
import { addPages } from './pages.ts';
import { openPatience } from './patience.ts';
import { renderFault } from './render.ts';
import type { Route } from './route.ts';
import { shedLoad } from './shed.ts';
import { openSigners } from './signers.ts';
import { meetStrangers } from './strangers.ts';

/** Contract decisions: more is answered with 413. */
const bodyLimitBytes = 65_536;

const headersTimeoutMs = 10_000;
/** From the first byte of a request to the last of its body. */
const requestTimeoutMs = 20_000;

/**
 * @param gateway - what handlers are given
 * @param routes - door 1
 * @param pages - door 2
 * @param metrics - figures that `/metrics` shows; without them there is no such path
 * @param checks - what readiness depends on
 * @returns not listening yet: hand it to `listen`, or call `inject` in a test
 * @throws when the system's signing key cannot be opened
 */
export async function buildHttp(
  gateway: Gateway,
  routes: readonly Route[],
  pages: readonly Page[],
  metrics: Metrics | undefined,
  checks: readonly HealthCheck[],
): Promise<FastifyInstance> {
  const strangers = meetStrangers(gateway.clock);
  const dispatcher: Dispatcher = {
    gateway,
    signers: await openSigners(gateway, strangers),
    strangers,
    patience: openPatience(gateway.config.refusalRate),
    inGroup: inGroups(),
  };
  const byUrl = new Map(routes.map((route) => [apiPrefix + route.operation.path, route]));
  const answerRefusal = async (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const route = byUrl.get(request.routeOptions.url ?? '');
    if (reply.hasHeader('connection') && (await drain(request.raw))) reply.removeHeader('connection');
    return refuse(dispatcher, route, faultFromFramework(error), request, reply);
  };

  const notHttp = new Fault('PARAMETER_INVALID', 'This is not HTTP/1.1, or it did not arrive in time');
  const broken = brokenHttp(await renderFault('order', notHttp, dispatcher.signers.system));
  const http = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 1_000 },
    genReqId: newRowId,
    trustProxy: [...gateway.config.trustedProxies],
    return503OnClosing: false,
    clientErrorHandler: broken.handle,
    frameworkErrors: (error, request, reply) => {
      answerRefusal(error, request, reply);
    },
  });
  broken.watch(http.server);
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  http.addHook('preClose', async () => dispatcher.patience.close());
  addHeaders(http);
  await shedLoad(http, { log: gateway.log, system: dispatcher.signers.system }, gateway.config.shedAfterMs);
  http.setErrorHandler(answerRefusal);
  http.setNotFoundHandler((request, reply) => refuse(dispatcher, undefined, new Fault('PATH_UNKNOWN'), request, reply));
  for (const [url, route] of byUrl) {
    http.post(url, dispatch(dispatcher, route));
    if (route.operation.door === 'browser') {
      http.options(url, async ({ headers }, reply) =>
        reply
          .code(204)
          .headers(await preflightHeaders(gateway, headers.origin))
          .send(),
      );
    }
  }
  addPages(http, gateway, pages);
  addHealth(http, gateway, checks, metrics);
  return http;
}

/** What every answer carries. While the gateway stops, connections end with the answer under way. */
function addHeaders(http: FastifyInstance): void {
  http.addHook('preClose', () => leave(http, 0));
  http.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'X-Request-Id': request.id, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  });
  http.addHook('onSend', async (_request, reply) => {
    if (isLeaving(http)) reply.header('Connection', 'close');
  });
}
