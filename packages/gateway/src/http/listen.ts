/** The listener: a port for the HTTP side, and a graceful end. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { leave } from './leave.ts';

export interface Listener {
  /** Origin under which this machine reaches it, e.g. `http://127.0.0.1:4010`. */
  readonly url: string;
  /** Says that it leaves and answers on for as long as the setting says; the first step of an end. */
  leave(): Promise<void>;
  /** Takes no new requests, lets those under way end, and after ten seconds ends them. */
  stop(): Promise<void>;
}

/** Real time, whatever the gateway's clock says: sockets know no other. */
const stopWithinMs = 10_000;

/**
 * @param http - from `buildHttp`
 * @param place.port - 0 takes any free port
 * @param place.drainMs - how long it answers on once it has said that it leaves; 0 when absent
 * @param place.setting - the one that an operator changes when the port is taken; `WAFFO_PORT` when absent
 * @throws Error with one sentence when the address cannot be had
 */
export async function listen(
  http: FastifyInstance,
  place: Pick<Config, 'host' | 'port'> & { readonly setting?: string; readonly drainMs?: number },
): Promise<Listener> {
  try {
    await http.listen({ host: place.host, port: place.port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(
      `Port ${place.port} of ${place.host} is in use; set ${place.setting ?? 'WAFFO_PORT'} to another, or to 0 for any free one.`,
      {
        cause: error,
      },
    );
  }
  const { port } = http.server.address() as AddressInfo;
  return {
    url: `http://${reachable(place.host)}:${port}`,
    leave: () => leave(http, place.drainMs ?? 0),
    stop: () => stop(http),
  };
}

/** All addresses are listened on, and this machine is reached by one. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function stop(http: FastifyInstance): Promise<void> {
  const patience = setTimeout(() => http.server.closeAllConnections(), stopWithinMs);
  try {
    await http.close();
  } finally {
    clearTimeout(patience);
  }
}
