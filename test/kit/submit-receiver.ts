/** Stands where the gateway's submit endpoint is, for tests of the browser SDK: keeps every byte it receives, and opens envelopes with jose. */
import { createECDH } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sessionIdOf } from '@waffo/protocol/envelope/session-id';
import { compactDecrypt, importJWK } from 'jose';

interface SubmitRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
  readonly body: any;
}

export interface SubmitReceiver {
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  readonly requests: SubmitRequest[];
  /** All bytes that ever arrived, heads included. */
  wire(): Buffer;
  /** Answers the next requests so, one after the other; afterwards with success. */
  answer(...how: ((response: ServerResponse) => void)[]): void;
  stop(): Promise<void>;
}

/** An answer in the envelope of the tokenization paths. */
export const envelope =
  (code: string, msg = 'x', data: unknown = null, status = code === '0' ? 200 : 400, headers = {}) =>
  (response: ServerResponse): void => {
    const body = { code, msg, msgParams: {}, data, success: code === '0', fail: code !== '0' };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const bound = envelope('0', 'success', { tokenRequestId: 'treq_1' });

export async function startSubmitReceiver(): Promise<SubmitReceiver> {
  const requests: SubmitRequest[] = [];
  const received: Buffer[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { method = '', url = '', headers } = request;
      received.push(Buffer.from(`${method} ${url}\n${request.rawHeaders.join('\n')}\n\n${text}`));
      requests.push({ method, url, headers, text, body: JSON.parse(text) });
      (answers.shift() ?? bound)(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
    requests,
    wire: () => Buffer.concat(received),
    answer: (...how) => {
      answers.splice(0, answers.length, ...how);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A session whose private half the test holds. */
export function openSession(): { tokenSessionId: string; open(jwe: string): Promise<Uint8Array> } {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
    d: ecdh.getPrivateKey().toString('base64url'),
  };
  return {
    tokenSessionId: sessionIdOf(ecdh.getPublicKey(null, 'compressed') as unknown as Uint8Array),
    async open(jwe) {
      const { plaintext } = await compactDecrypt(jwe, await importJWK(jwk, 'ECDH-ES'));
      return plaintext;
    },
  };
}
