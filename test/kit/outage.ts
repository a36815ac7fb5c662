/** Stands between the gateway and PostgreSQL, and takes it away: connections are closed and refused, until it is back. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Outage {
  /** Connection string that leads through here. */
  readonly url: string;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Most connections that were open at a time. */
  mostConnections(): number;
  stop(): Promise<void>;
}

/** @param url - of the database itself */
export async function startOutage(url: string): Promise<Outage> {
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = Number(target.port || '5432');
  const upstreamAt = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const clients = new Set<Socket>();
  let most = 0;

  function relay(client: Socket): void {
    clients.add(client);
    most = Math.max(most, clients.size);
    const upstream = connect(upstreamAt);
    const end = () => {
      clients.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', end);
      from.on('close', end);
      from.on('data', (chunk) => to.write(chunk));
    }
  }
  const listen = async (at: number): Promise<Server> => {
    const server = createServer(relay).listen(at, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let listening: Server | undefined = await listen(0);
  const own = (listening.address() as AddressInfo).port;

  const through = new URL(url);
  through.searchParams.delete('host');
  through.hostname = '127.0.0.1';
  through.port = String(own);
  const begin = async () => {
    const server = listening;
    listening = undefined;
    const closed = server && once(server, 'close');
    server?.close();
    for (const client of clients) client.destroy();
    await closed;
  };
  return {
    url: through.href,
    begin,
    async end() {
      listening ??= await listen(own);
    },
    mostConnections: () => most,
    stop: begin,
  };
}
