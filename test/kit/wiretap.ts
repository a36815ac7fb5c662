/** Listens in on real sockets: every byte that passes, in either direction. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Wiretap {
  /** Stands in the place of the target's origin. */
  readonly url: string;
  /** Everything that passed so far. */
  bytes(): Buffer;
  stop(): Promise<void>;
}

/** @param target - origin, e.g. `http://127.0.0.1:4010` */
export async function startWiretap(target: string): Promise<Wiretap> {
  const { hostname, port } = new URL(target);
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect(Number(port), hostname);
    upstream.setNoDelay(true);
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.on('data', (chunk) => heard.push(chunk));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => Buffer.concat(heard),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @returns all that the server's sockets received so far */
export function listenIn(server: Server): () => Buffer {
  const heard: Buffer[] = [];
  server.on('connection', (socket) => socket.on('data', (chunk: Buffer) => heard.push(chunk)));
  return () => Buffer.concat(heard);
}
