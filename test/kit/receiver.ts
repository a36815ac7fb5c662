/** A merchant's webhook endpoint: keeps what it received and answers as it is told, by default as the contract wants. */
import type { KeyObject } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sign } from '@waffo/protocol/signature';

interface Received {
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  /** Parsed body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
  readonly event: any;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** `down` closes every connection without an answer; `failed` answers a signed failure. */
  behave(how: 'acknowledge' | 'failed' | 'down'): void;
  /** The events of one type so far, oldest first. */
  events(eventType: string): Received['event'][];
  stop(): Promise<void>;
}

/** @param privateKey - of the merchant, signs the acknowledgement; may be set later */
export async function startReceiver(keys: { privateKey?: KeyObject }): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour: 'acknowledge' | 'failed' | 'down' = 'acknowledge';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      if (behaviour === 'down') return request.socket.destroy();
      const body = Buffer.concat(chunks);
      received.push({ body, headers: request.headers, event: JSON.parse(body.toString()) });
      const answer = Buffer.from(JSON.stringify({ message: behaviour === 'acknowledge' ? 'success' : 'failed' }));
      const signature = keys.privateKey ? await sign(answer, keys.privateKey) : '';
      response.writeHead(200, { 'content-type': 'application/json', 'x-signature': signature }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    received,
    behave: (how) => {
      behaviour = how;
    },
    events: (eventType) => received.map(({ event }) => event).filter((event) => event.eventType === eventType),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
