/**
 * What stands before several processes: it gives calls to them by turns, and to the next when nobody listens, which says that
 * nothing was sent. It repeats nothing else: whether a payment on a connection that broke was heard, no balancer can know.
 */
import { type Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';

export interface Answered {
  readonly status: number;
  readonly code: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of several operations
  readonly data: any;
  readonly signed: boolean;
}

/** A call that can be sent at any moment. */
export type Ready = () => Promise<Answered>;

const tries = 50;
const pauseMs = 20;

/**
 * @param as - who calls
 * @param urls - of those that answer at the moment
 * @param agent - its connections; false: each call has one of its own
 * @returns prepares a call of an operation
 */
export function balancer(as: SandboxMerchant, urls: () => readonly string[], agent: Agent | false) {
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  const waffoKey = parsePublicKey(as.waffoPublicKey);
  let turn = 0;

  /** @returns undefined when nobody listens */
  const post = (url: string, body: Buffer, headers: Record<string, string>): Promise<Answered | undefined> =>
    new Promise((resolve, reject) => {
      const call = request(url, { method: 'POST', headers, agent }, (response) => {
        const signature = String(response.headers['x-signature']);
        response.toArray().then((chunks) => {
          const raw = Buffer.concat(chunks);
          const { code, data } = JSON.parse(raw.toString());
          resolve({ status: response.statusCode ?? 0, code, data, signed: verify(raw, signature, waffoKey) });
        }, reject);
      });
      call.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error),
      );
      call.end(body);
    });

  return async (path: string, fields: object): Promise<Ready> => {
    const isBrowser = path === '/tokenization/submit';
    const body = Buffer.from(JSON.stringify(fields));
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-api-key': isBrowser ? as.clientApiKey : as.apiKey,
      ...(!isBrowser && { 'x-signature': await sign(body, privateKey) }),
    };
    return async () => {
      for (let from = turn++, n = 0; n < tries; n++, await sleep(pauseMs)) {
        const all = urls();
        const answer = await post(`${all[(from + n) % all.length]}/api/v1${path}`, body, headers);
        if (answer !== undefined) return answer;
      }
      throw new Error('nobody listens');
    };
  };
}
