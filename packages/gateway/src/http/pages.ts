/**
 * Serves hosted pages: a plain form in, markup out, under a policy that lets nothing run and nothing be framed (D-18), unless the
 * page says that a script of ours runs, and whose pages may frame it. The
 * address of a page may hold a secret: it is never logged.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { networkOf } from '../limits/limit.ts';
import { renderEnd } from '../page/challenge-markup.ts';
import { Html } from '../page/html.ts';
import type { Page, PageAnswer, Visit } from '../page/page.ts';
import { headerOf } from './callers.ts';

const policyOf = ({ scripted = false, embeddedBy = [] }: PageAnswer): string =>
  [
    "default-src 'none'",
    ...(scripted ? ["script-src 'self'"] : []),
    "style-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${embeddedBy.length > 0 ? embeddedBy.join(' ') : "'none'"}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const securityHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  'Referrer-Policy': 'no-referrer',
};

/** Adds a route for each page. */
export function addPages(http: FastifyInstance, gateway: Gateway, pages: readonly Page[]): void {
  for (const page of pages) {
    http.route({
      method: page.method,
      url: page.url,
      handler: (request, reply) => serve(gateway, page, request, reply),
    });
  }
}

async function serve(
  gateway: Gateway,
  page: Page,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const startedAt = gateway.clock.now();
  const answer = await answerOf(gateway, page, request);
  const { status, headers = {}, body, embeddedBy = [] } = answer;
  const ms = gateway.clock.now().getTime() - startedAt.getTime();
  gateway.log.info('answered', { requestId: request.id, operation: `${page.method} ${page.url}`, status, ms });
  const isSecure = gateway.publicUrl().startsWith('https:');
  return reply
    .code(status)
    .headers({
      ...securityHeaders,
      'Content-Security-Policy': policyOf(answer),
      ...(embeddedBy.length === 0 && { 'X-Frame-Options': 'DENY' }),
      ...(isSecure && { 'Strict-Transport-Security': 'max-age=63072000' }),
      'Content-Type': 'text/html; charset=utf-8',
      Vary: 'Accept-Language, Cookie',
      ...headers,
    })
    .send(body instanceof Html ? body.text : body);
}

/** A failure is logged here, and the shopper is told no more than that there was one. */
async function answerOf(gateway: Gateway, page: Page, request: FastifyRequest): Promise<PageAnswer> {
  const visit = visitOf(request);
  try {
    // What is posted opens sessions and asks issuers; a look is a look.
    if (page.method === 'POST') gateway.limits.callRates.count('touches', visit.network);
    return await page.answer(gateway, visit);
  } catch (error) {
    if (error instanceof Fault && error.retryAfterSeconds !== undefined) {
      const headers = { 'Retry-After': String(error.retryAfterSeconds) };
      return { status: 429, headers, body: renderEnd(visit.acceptLanguage, 'busy') };
    }
    gateway.log.error('failed', { requestId: request.id, operation: `${page.method} ${page.url}`, error });
    return { status: 500, body: renderEnd(visit.acceptLanguage, 'broken') };
  }
}

function visitOf({ id, headers, body, params, ip }: FastifyRequest): Visit {
  const cookies = new Map(
    headerOf(headers, 'cookie')
      .split(';')
      .map((pair) => pair.trim().split('='))
      .map(([name = '', value = '']) => [name, value]),
  );
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
  return {
    requestId: id,
    params: params as Record<string, string>,
    form: new URLSearchParams(isForm && Buffer.isBuffer(body) ? body.toString() : ''),
    acceptLanguage: headerOf(headers, 'accept-language'),
    cookie: (name) => cookies.get(name),
    fetchSite: headerOf(headers, 'sec-fetch-site'),
    fetchDest: headerOf(headers, 'sec-fetch-dest'),
    network: networkOf(ip),
  };
}
