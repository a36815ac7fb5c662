/**
 * The one pipeline that every operation goes through, in the order of design D-10: type, key, signature over the raw bytes,
 * strict JSON, schema, merchant, status, handler, signed answer. (The size is checked while the body arrives.) All that is
 * thrown is caught here and nowhere else; every answer is signed.
 */
import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import { faults, successCode } from '@waffo/protocol/codes';
import { apiKeyHeader, signatureHeader } from '@waffo/protocol/signature';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../fault.ts';
import { forCaller, type Gateway } from '../gateway.ts';
import { networkOf } from '../limits/limit.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { type Traced, traced } from '../observe/trace.ts';
import { headerOf, type Incoming, identify } from './callers.ts';
import { corsHeaders, readerAt } from './cors.ts';
import { faultFrom } from './fault-from.ts';
import type { inGroups } from './groups.ts';
import { hintFor } from './hint.ts';
import { parseRequest } from './parse-request.ts';
import type { Patience } from './patience.ts';
import { envelopeOf, renderFault, renderSuccess, type Signed } from './render.ts';
import type { Route } from './route.ts';
import type { Signers } from './signers.ts';
import type { Strangers } from './strangers.ts';

/** What dispatch works with. */
export interface Dispatcher {
  readonly gateway: Gateway;
  readonly signers: Signers;
  readonly strangers: Strangers;
  readonly patience: Patience;
  readonly inGroup: ReturnType<typeof inGroups>;
}

/** What has become known about a request on its way. */
interface Exchange {
  readonly incoming: Incoming;
  readonly url: string;
  readonly route: Route | undefined;
  readonly startedAt: Date;
  merchant?: Merchant;
  /** Absent where no operation was reached. */
  span?: Traced;
  /** Set once the caller is known for who it is. */
  isProved?: boolean;
  /** Signs the answer: the merchant's once it is known. */
  key: KeyObject;
  /** The page that may read the answer. */
  reader?: string | undefined;
}

/** Performs the operation of a route and sends the answer. */
export const dispatch =
  (dispatcher: Dispatcher, route: Route) =>
  (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const exchange = exchangeOf(dispatcher, request, route);
    const { requestId } = exchange.incoming;
    return traced('request', { requestId, operation: route.operation.path }, (span) => {
      exchange.span = span;
      const work = () => dispatcher.inGroup(() => perform(dispatcher, route, exchange));
      return respond(dispatcher, exchange, reply, work);
    });
  };

/** Answers a request that reaches no handler: an unknown path, or what the framework refused. */
export function refuse(
  dispatcher: Dispatcher,
  route: Route | undefined,
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return respond(dispatcher, exchangeOf(dispatcher, request, route), reply, () => Promise.reject(fault));
}

function exchangeOf({ gateway, signers }: Dispatcher, request: FastifyRequest, route: Route | undefined): Exchange {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const incoming = { requestId: request.id, address: request.ip, headers: request.headers, body };
  return { incoming, url: request.url, route, startedAt: gateway.clock.now(), key: signers.system };
}

async function perform(
  { gateway, signers, strangers }: Dispatcher,
  route: Route,
  exchange: Exchange,
): Promise<unknown> {
  const { incoming } = exchange;
  const { operation, handler } = route;
  requireJson(incoming);
  const { callRates } = gateway.limits;
  if (operation.door === 'browser') callRates.count('touches', networkOf(incoming.address));
  const caller = await identify(operation.door, { strangers, ...gateway }, incoming, async (merchant) => {
    exchange.merchant = merchant;
    exchange.key = await signers.keyOf(merchant.merchantId);
    strangers.remember(headerOf(incoming.headers, apiKeyHeader), merchant.merchantId);
  });
  exchange.isProved = true;
  if (caller.door === 'browser') exchange.reader = caller.origin;
  const { sent, input } = parseRequest(operation.request, incoming.body);
  requireOwnMerchant(sent, caller.merchant);
  if (caller.merchant.status !== 'ACTIVE') throw new Fault('MERCHANT_STATUS_ABNORMAL');
  const { merchantId } = caller.merchant;
  const handle = () =>
    traced('operation', { operation: operation.path, merchantId }, () =>
      handler(forCaller(gateway, caller.merchant), caller, input),
    );
  if (caller.door === 'browser') return handle();
  callRates.count('calls', merchantId);
  const leave = callRates.enter(merchantId, isInquiry(route));
  try {
    return await handle();
  } finally {
    leave();
  }
}

const isInquiry = ({ operation }: Route): boolean => operation.path.endsWith('/inquiry');

/** @throws Fault CONTENT_TYPE_INVALID */
export function requireJson({ headers }: Pick<Incoming, 'headers'>): void {
  const type = headers['content-type'] ?? '';
  if (!/^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-?8|"utf-?8"))?[ \t]*;?$/i.test(type))
    throw new Fault('CONTENT_TYPE_INVALID');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new Fault('CONTENT_TYPE_INVALID', 'Content-Encoding must be absent: the body is signed as it is sent');
  }
}

/**
 * A body may name the merchant in two places; in both it is the one that the key belongs to.
 *
 * @throws Fault PERMISSION_DENIED
 */
export function requireOwnMerchant(sent: Readonly<Record<string, unknown>>, { merchantId }: Merchant): void {
  const { merchantInfo } = sent as { merchantInfo?: { merchantId?: unknown } | null };
  const isForeign = (named: unknown): boolean => typeof named === 'string' && named !== merchantId;
  if (isForeign(merchantInfo?.merchantId) || isForeign(sent.merchantId)) {
    throw new Fault('PERMISSION_DENIED', 'merchantId: not the merchant that this API key belongs to');
  }
}

async function respond(
  dispatcher: Dispatcher,
  exchange: Exchange,
  reply: FastifyReply,
  work: () => Promise<unknown>,
): Promise<FastifyReply> {
  const envelope = exchange.route?.operation.envelope ?? envelopeOf(exchange.url);
  try {
    const data = await work();
    // What an inquiry is about may change; what was done once is told in the same words.
    const mayComeAgain = exchange.route !== undefined && !isInquiry(exchange.route);
    return send(dispatcher, exchange, reply, await renderSuccess(envelope, data, exchange.key, mayComeAgain));
  } catch (error) {
    const fault = faultFrom(error);
    await addressRefusal(dispatcher, exchange, fault);
    const needsNoPatience = exchange.isProved || isUnprovedForUs(dispatcher, exchange, fault);
    const mayStay = needsNoPatience || (await dispatcher.patience.turn(reply.raw.socket as Socket));
    if (!mayStay) reply.header('Connection', 'close');
    return send(dispatcher, exchange, reply, await renderFault(envelope, fault, exchange.key), fault);
  }
}

/** Without a database nobody can prove anything; one whose key was good here before does not wait among strangers for that. */
const isUnprovedForUs = ({ strangers }: Dispatcher, { incoming }: Exchange, { fault }: Fault): boolean =>
  fault === 'UNAVAILABLE' && strangers.recall(headerOf(incoming.headers, apiKeyHeader)) !== undefined;

/**
 * A refusal from before the caller was identified is signed for the caller's merchant all the same, and shown to its page,
 * so that the client can read it. Only A0001 knows no merchant. If this fails, the refusal itself still goes out.
 */
async function addressRefusal({ gateway, signers }: Dispatcher, exchange: Exchange, fault: Fault): Promise<void> {
  const { headers, requestId } = exchange.incoming;
  try {
    if (exchange.merchant === undefined && fault.fault !== 'API_KEY_INVALID') {
      exchange.key = await signers.keyOfCaller(headerOf(headers, apiKeyHeader));
    }
    if (exchange.route?.operation.door === 'browser') exchange.reader ??= await readerAt(gateway, headers.origin);
  } catch (error) {
    gateway.log.warn('the refusal is signed by the system, or hidden from its page', { requestId, error });
  }
}

function send(
  { gateway }: Dispatcher,
  exchange: Exchange,
  reply: FastifyReply,
  signed: Signed,
  fault?: Fault,
): FastifyReply {
  const { incoming, route, merchant, reader } = exchange;
  if (route?.operation.door === 'browser') reply.headers(corsHeaders(reader));
  const hint = fault && gateway.config.environment === 'sandbox' ? hintOf(exchange, fault) : undefined;
  if (hint !== undefined) reply.header('X-Waffo-Hint', hint);
  if (fault?.retryAfterSeconds !== undefined) reply.header('Retry-After', fault.retryAfterSeconds);
  const code = fault ? faults[fault.fault].code : successCode;
  exchange.span?.note({ code, status: signed.status, ...(merchant && { merchantId: merchant.merchantId }) });
  const failed = fault?.fault === 'SYSTEM_ERROR';
  gateway.log[failed ? 'error' : 'info'](failed ? 'failed' : 'answered', {
    requestId: incoming.requestId,
    ...(route && { operation: route.operation.path }),
    ...(merchant && { merchantId: merchant.merchantId }),
    code,
    status: signed.status,
    ms: gateway.clock.now().getTime() - exchange.startedAt.getTime(),
    ...(fault?.cause !== undefined && { error: fault.cause }),
  });
  return reply
    .code(signed.status)
    .headers({ [signatureHeader]: signed.signature, 'Content-Type': 'application/json; charset=utf-8' })
    .send(signed.body);
}

function hintOf({ incoming, route, merchant }: Exchange, fault: Fault): string | undefined {
  return hintFor(fault.fault, {
    door: route?.operation.door ?? 'merchant',
    apiKey: headerOf(incoming.headers, apiKeyHeader),
    signature: headerOf(incoming.headers, signatureHeader),
    body: incoming.body,
    publicKeys: merchant?.publicKeys ?? [],
  });
}
