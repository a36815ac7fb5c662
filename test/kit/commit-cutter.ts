/**
 * Stands between the gateway and PostgreSQL and breaks connections in COMMIT: before the server has seen it, or after the
 * server has done it and before the gateway has heard so.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CommitCutter {
  /** Connection string that leads through here. */
  readonly url: string;
  /** Cuts the n-th commit from now, once. */
  arm(nth: number, when: 'before' | 'after'): void;
  disarm(): void;
  /** How many were cut so far. */
  cuts(): number;
  stop(): Promise<void>;
}

/** The name of the gateway's prepared statement. */
const commit = 'database/commit';

/** @param url - of the database itself */
export async function startCommitCutter(url: string): Promise<CommitCutter> {
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const upstreamAt = host.startsWith('/')
    ? { path: `${host}/.s.PGSQL.${target.port || '5432'}` }
    : { host, port: Number(target.port || '5432') };
  const sockets = new Set<Socket>();
  let armed: { left: number; readonly when: 'before' | 'after' } | undefined;
  let cuts = 0;

  function isCut(chunk: Buffer): 'before' | 'after' | undefined {
    if (armed === undefined || !chunk.includes(commit)) return undefined;
    armed.left -= 1;
    if (armed.left > 0) return undefined;
    const { when } = armed;
    armed = undefined;
    cuts += 1;
    return when;
  }

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect(upstreamAt);
    upstream.setNoDelay(true);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    let isDone = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      const cut = isCut(chunk);
      if (cut === 'before') return end();
      isDone = cut === 'after';
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isDone) end();
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target.searchParams.delete('host');
  target.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: target.href,
    arm(nth, when) {
      armed = { left: nth, when };
    },
    disarm() {
      armed = undefined;
    },
    cuts: () => cuts,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
