/**
 * Stands between the gateway and PostgreSQL, and takes it away: connections are closed and refused, or the road goes silent
 * and closes nothing. What was sent into a silence arrives when it is over, as TCP has it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { isCommit } from './commits.ts';

/** Which half of the road carries nothing. */
export type Direction = 'both' | 'to the database' | 'from the database';

export interface Outage {
  /** Connection string that leads through here. */
  readonly url: string;
  /** Closes and refuses connections. */
  begin(): Promise<void>;
  /** Nothing passes any more, nor the end of a connection; who connects is not answered. */
  fallSilent(direction: Direction): void;
  /** The road falls silent as soon as a commit has passed on it to the database. */
  fallSilentInCommit(direction: Direction): void;
  /** Both are over. */
  end(): Promise<void>;
  /** From now on the road leads to another server, as an address does that moves with the primary. */
  leadTo(url: string): void;
  /** Most connections that were open at a time. */
  mostConnections(): number;
  stop(): Promise<void>;
}

function addressOf(url: string) {
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = Number(target.port || '5432');
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** @param url - of the database itself */
export async function startOutage(url: string): Promise<Outage> {
  let upstreamAt = addressOf(url);
  const roads = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  let silent: Direction | undefined;
  let trap: Direction | undefined;
  let most = 0;

  const isSilent = (direction: Direction) => silent === 'both' || silent === direction;
  /** A socket that is not read keeps what comes, its end too. */
  function hush(): void {
    for (const { client, upstream } of roads) {
      if (isSilent('to the database')) client.pause();
      else client.resume();
      if (isSilent('from the database')) upstream.pause();
      else upstream.resume();
    }
  }

  function relay(client: Socket): void {
    const upstream = connect(upstreamAt);
    upstream.setNoDelay(true);
    const road = { client, upstream };
    roads.add(road);
    most = Math.max(most, roads.size);
    const end = () => {
      roads.delete(road);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (chunk) => {
      upstream.write(chunk);
      if (trap !== undefined && isCommit(chunk)) fallSilent(trap);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    hush();
  }
  function fallSilent(direction: Direction | undefined): void {
    trap = undefined;
    silent = direction;
    hush();
  }
  const listen = async (at: number): Promise<Server> => {
    const server = createServer({ noDelay: true }, relay).listen(at, '127.0.0.1');
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
    for (const { client } of roads) client.destroy();
    await closed;
  };
  return {
    url: through.href,
    begin,
    fallSilent,
    fallSilentInCommit(direction) {
      trap = direction;
    },
    async end() {
      fallSilent(undefined);
      listening ??= await listen(own);
    },
    leadTo(other) {
      upstreamAt = addressOf(other);
    },
    mostConnections: () => most,
    stop: begin,
  };
}
