/**
 * Posts notifications: the only file that opens sockets to the outside (design D-16). A target is refused unless its URL
 * passes `checkNotifyUrl` and every address that its name resolves to is public; the socket goes to an address that was
 * checked. It follows no redirect, uses no proxy, keeps no cookie, reads at most 4 KB, and ends at its deadline whatever
 * the receiver does. What it says of a failure tells no more about the network than that it failed.
 */
import type { LookupAddress } from 'node:dns';
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { checkNotifyUrl, type EgressRules, hostOf, isAllowedAddress, loopbackAddresses } from './notify-url.ts';
import { addressesOf } from './resolve.ts';

/** What is known of a failed post: `refused` by our rules, `unreachable`, no secure connection, too slow, or `broken` off. */
export type EgressFailure = 'refused' | 'unreachable' | 'insecure' | 'timeout' | 'broken';

/** One text for refused and unreachable: a merchant must not learn from us what there is in networks it cannot see. */
const unreachable =
  'your server could not be reached; its name must lead to public addresses only, and something must listen there';
const texts: Record<EgressFailure, string> = {
  refused: unreachable,
  unreachable,
  insecure: "there was no secure connection: your server's certificate or TLS version is not accepted",
  timeout: 'your server did not answer in time',
  broken: 'your server closed the connection before it had answered',
};

export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly failure: EgressFailure;

  /** @param options - `cause` for the operator's log; it may name addresses */
  constructor(failure: EgressFailure, options?: { cause?: unknown }) {
    super(texts[failure], options);
    this.failure = failure;
  }
}

interface EgressRequest {
  /** Connections are kept and used again, but never for another merchant. */
  readonly merchantId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** For all of it: resolving, connecting, sending and reading. */
  readonly timeoutMs: number;
}

interface EgressAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** At most 4 KB. */
  readonly body: Buffer;
  /** Whether there was more. */
  readonly truncated: boolean;
}

export interface Egress {
  /** `checkNotifyUrl` under the rules of this gateway; for use when a URL is saved. */
  check(url: string): string | undefined;
  /**
   * Posts once, and never again by itself: also a connection that breaks was an attempt.
   *
   * @throws EgressError when there is no answer
   * @example await egress.post(url, { merchantId, headers: { 'Content-Type': 'application/json' }, body, timeoutMs: 15_000 })
   */
  post(url: string, request: EgressRequest): Promise<EgressAnswer>;
  /** Closes all connections, also those in use. */
  close(): void;
}

/** What a test puts in the place of the real thing. */
export interface EgressParts {
  /** All addresses of a name; asks the nameservers when absent. */
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
  /** PEM of the authorities to trust; the public ones when absent. */
  readonly ca?: string;
  /** Addresses of this machine; what its interfaces say when absent. */
  readonly ownAddresses?: () => readonly string[];
}

const answerLimitBytes = 4_096;
/** Less than what receivers commonly allow (5 s and more), so that we never post into a connection that is being closed. */
const idleConnectionMs = 4_000;
const idleConnectionsPerReceiver = 4;

/** What a gateway of these settings allows: a sandbox also this machine, and plain http. */
export const egressRulesOf = (config: {
  readonly environment: 'sandbox' | 'production';
  readonly webhookPorts: readonly number[];
}): EgressRules => ({
  allowLoopback: config.environment === 'sandbox',
  allowHttp: config.environment === 'sandbox',
  morePorts: config.webhookPorts,
});

/** @param rules - both switches off in production */
export function createEgress(rules: EgressRules, parts: EgressParts = {}): Egress {
  const { resolve = addressesOf, ownAddresses = interfaceAddresses, ca } = parts;
  const mayConnectTo = (address: string): boolean =>
    isAllowedAddress(address, rules) && (loopbackAddresses.includes(address) || !ownAddresses().includes(address));
  const settings = {
    keepAlive: true,
    maxFreeSockets: idleConnectionsPerReceiver,
    timeout: idleConnectionMs,
    autoSelectFamily: true,
    lookup: guardedLookup(resolve, mayConnectTo),
    // The agent guards the socket itself, literal addresses included, for which no lookup is made. A list of single
    // addresses: it warns on the console when it compares a network of the other family.
    allowIPAddressList: rules.allowLoopback ? loopbackAddresses : [],
  };
  const plain = new MerchantHttpAgent(settings);
  const secure = new MerchantHttpsAgent({
    ...settings,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  });
  return {
    check: (url) => checkNotifyUrl(url, rules),
    async post(text, request) {
      if (checkNotifyUrl(text, rules) !== undefined) throw new EgressError('refused');
      const url = new URL(text);
      if (isIP(hostOf(url)) !== 0 && !mayConnectTo(hostOf(url))) throw new EgressError('refused');
      const signal = AbortSignal.timeout(request.timeoutMs);
      return url.protocol === 'https:'
        ? send(https.request, secure, url, request, signal)
        : send(http.request, plain, url, request, signal);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

const interfaceAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));

type Target = { readonly merchantId?: string };

/** Connections are pooled by what `getName` answers. */
const poolName = (options: (http.ClientRequestArgs & Target) | undefined, name: string): string =>
  `${options?.merchantId ?? ''} ${name}`;

class MerchantHttpAgent extends RequestFilteringHttpAgent {
  override getName(options?: http.ClientRequestArgs): string {
    return poolName(options, super.getName(options));
  }
}

class MerchantHttpsAgent extends RequestFilteringHttpsAgent {
  override getName(options?: http.ClientRequestArgs): string {
    return poolName(options, super.getName(options));
  }
}

/** Resolves a name to all its addresses, and to none if a single one is not allowed: which one is used is not ours to say. */
function guardedLookup(
  resolve: NonNullable<EgressParts['resolve']>,
  mayConnectTo: (address: string) => boolean,
): LookupFunction {
  const checked = async (name: string): Promise<LookupAddress[]> => {
    const addresses = await resolve(name).catch((cause: unknown) => {
      throw new EgressError('unreachable', { cause });
    });
    if (addresses.length === 0) throw new EgressError('unreachable');
    if (!addresses.every(({ address }) => mayConnectTo(address))) throw new EgressError('refused');
    return [...addresses];
  };
  return (hostname, options, callback) => {
    checked(hostname).then(
      (addresses) => {
        if (options.all) return callback(null, addresses);
        const [{ address, family } = { address: '', family: 0 }] = addresses;
        callback(null, address, family);
      },
      (error: EgressError) => callback(error, '', 0),
    );
  };
}

async function send(
  open: typeof http.request,
  agent: http.Agent,
  url: URL,
  request: EgressRequest,
  signal: AbortSignal,
): Promise<EgressAnswer> {
  const { merchantId, headers, body } = request;
  const options: http.RequestOptions & Target = {
    protocol: url.protocol,
    hostname: hostOf(url),
    port: url.port,
    path: url.pathname + url.search,
    method: 'POST',
    headers,
    agent,
    signal,
    merchantId,
  };
  try {
    return await answerOf(open(options), body);
  } catch (error) {
    throw egressErrorFrom(error, signal);
  }
}

function answerOf(outgoing: ClientRequest, body: Uint8Array): Promise<EgressAnswer> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', (incoming) => readAnswer(incoming, resolve, reject));
    outgoing.on('error', reject);
    // Some ends come without an error, such as the one after status 101. After an answer this changes nothing.
    outgoing.on('close', () => reject(new EgressError('broken')));
    outgoing.end(body);
  });
}

function readAnswer(
  incoming: IncomingMessage,
  resolve: (answer: EgressAnswer) => void,
  reject: (error: EgressError) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = (truncated: boolean) => {
    const body = Buffer.concat(chunks).subarray(0, answerLimitBytes);
    resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, truncated });
  };
  incoming.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= answerLimitBytes) return;
    finish(true);
    incoming.destroy();
  });
  incoming.on('end', () => finish(false));
  incoming.on('error', (error) => reject(new EgressError('broken', { cause: error })));
}

const unreachableCodes = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
const insecureCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$)/;

function egressErrorFrom(error: unknown, signal: AbortSignal): EgressError {
  if (signal.aborted) return new EgressError('timeout', { cause: error });
  if (error instanceof EgressError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (unreachableCodes.has(code)) return new EgressError('unreachable', { cause: error });
  if (insecureCodes.test(code)) return new EgressError('insecure', { cause: error });
  return new EgressError('broken', { cause: error });
}
