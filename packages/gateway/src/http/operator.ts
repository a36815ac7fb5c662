/**
 * The operator API: what the commands of `waffo` do, over HTTP, for a console and for scripts. It listens on loopback
 * only, on a port of its own, and takes one bearer key from a file. Errors are RFC 9457 problems; nothing is signed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Gateway } from '../gateway.ts';
import { recordOperatorAct } from '../merchant/operator-act.ts';

/** Parts of a path by name; the ones that a route's path has are there. */
type Params<Path extends string = string> = Readonly<Record<Named<Path>, string>>;

type Named<Path extends string> = string extends Path
  ? string
  : Path extends `${string}:${infer Name}/${infer Rest}`
    ? Name | Named<Rest>
    : Path extends `${string}:${infer Name}`
      ? Name
      : never;

export interface OperatorRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/operator/v1`, with `:name` for a part that varies. */
  readonly path: string;
  readonly summary: string;
  /** Of the body, or of the query of a GET. */
  readonly input: z.ZodType;
  readonly act: (gateway: Gateway, params: Params, input: never) => Promise<unknown>;
}

/** One line of the list; ties the types of path and input to what is declared. */
export const operatorRoute = <const Path extends string, Input extends z.ZodType>(
  method: OperatorRoute['method'],
  path: Path,
  summary: string,
  input: Input,
  act: (gateway: Gateway, params: Params<Path>, input: z.infer<Input>) => Promise<unknown>,
): OperatorRoute => ({ method, path, summary, input, act });

/** What may be told to an operator: an error class that is meant for eyes, its HTTP status and its code. */
export interface Told {
  readonly error: new (...args: never[]) => Error;
  readonly status: number;
  readonly code: string;
}

const prefix = '/operator/v1';
const bodyLimitBytes = 65_536;

/**
 * @param key - the bearer key
 * @param told - errors of the actions that are told; every other is a 500 that says nothing
 * @returns not listening yet
 */
export function buildOperator(
  gateway: Gateway,
  routes: readonly OperatorRoute[],
  told: readonly Told[],
  key: string,
): FastifyInstance {
  const http = fastify({ bodyLimit: bodyLimitBytes, requestTimeout: 20_000 });
  http.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    // A page that a name of its own resolves to this machine must not reach us with the operator's browser.
    if (!isLocal(request.headers.host)) return problem(reply, 421, 'HOST_UNKNOWN', 'call 127.0.0.1 or localhost');
    if (!isKey(request.headers.authorization, key)) {
      const detail = 'send the key of the file operator.key as Authorization: Bearer <key>';
      return problem(reply, 401, 'KEY_INVALID', detail);
    }
  });
  for (const route of routes) {
    http.route({
      method: route.method,
      url: prefix + route.path,
      handler: (request, reply) => perform(gateway, route, told, request, reply),
    });
  }
  http.setNotFoundHandler((_, reply) =>
    problem(reply, 404, 'PATH_UNKNOWN', 'docs/reference/operator.md says what there is'),
  );
  http.setErrorHandler((error: Error & { statusCode?: number }, _, reply) =>
    problem(reply, error.statusCode ?? 500, 'REQUEST_INVALID', error.statusCode ? error.message : 'see the log'),
  );
  return http;
}

async function perform(
  gateway: Gateway,
  route: OperatorRoute,
  told: readonly Told[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const parsed = route.input.safeParse((route.method === 'GET' ? request.query : request.body) ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return problem(reply, 400, 'INPUT_INVALID', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
  }
  try {
    if (route.method !== 'GET') await recordAct(gateway, route, request.params as Params);
    const result = await route.act(gateway, request.params as Params, parsed.data as never);
    gateway.log.info('the operator acted', { operation: `${route.method} ${route.path}` });
    return result === undefined ? reply.code(204).send() : reply.send(result);
  } catch (error) {
    const row = told.find((candidate) => error instanceof candidate.error);
    if (row !== undefined) return problem(reply, row.status, row.code, (error as Error).message);
    gateway.log.error('an act of the operator failed', { operation: `${route.method} ${route.path}`, error });
    return problem(reply, 500, 'SYSTEM_ERROR', 'the gateway failed; its log says why');
  }
}

/** No entry in the access log, no act. A part of the path that can be no id is not copied there. */
const recordAct = (gateway: Gateway, { method, path }: OperatorRoute, { merchantId = '', tokenId = '' }: Params) =>
  recordOperatorAct(gateway, {
    actor: 'operator',
    purpose: `${method} ${path}`,
    merchantId: /^[\w-]{1,64}$/.test(merchantId) ? merchantId : undefined,
    tokenId: /^tok_\w{1,64}$/.test(tokenId) ? tokenId : undefined,
  });

const problem = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  reply.code(status).type('application/problem+json').send({ status, code, detail });

const isLocal = (host = ''): boolean => /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host);

function isKey(header = '', key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header), digest(`Bearer ${key}`));
}
