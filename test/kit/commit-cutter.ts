/**
 * Breaks connections between the gateway and PostgreSQL in COMMIT: before the server has seen it, or after the server has done it
 * and before the gateway has heard so. It stands at the sockets of this process, not on the line: to pass all bytes on would cost
 * as much as what is tested.
 */
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { isCommit } from './commits.ts';

export interface CommitCutter {
  /** Connection string by which connections are known that may be cut. */
  readonly url: string;
  /** Cuts the n-th commit from now, once. */
  arm(nth: number, when: 'before' | 'after'): void;
  disarm(): void;
  /** How many were cut so far. */
  cuts(): number;
  stop(): void;
}

/** @param url - of the database itself */
export function startCommitCutter(url: string): CommitCutter {
  const target = new URL(url);
  const name = `cut-${randomUUID()}`;
  target.searchParams.set('application_name', name);
  const met = new WeakMap<Socket, 'ours' | 'another'>();
  const { write } = Socket.prototype;
  let armed: { left: number; when: 'before' | 'after' } | undefined;
  let cuts = 0;

  /** The first bytes of a connection say its name. */
  function isOurs(socket: Socket, chunk: unknown): chunk is Buffer {
    if (!Buffer.isBuffer(chunk)) return false;
    if (!met.has(socket)) met.set(socket, chunk.includes(name) ? 'ours' : 'another');
    return met.get(socket) === 'ours';
  }

  function cut(socket: Socket, chunk: unknown): 'before' | 'after' | undefined {
    if (!isOurs(socket, chunk) || armed === undefined || !isCommit(chunk)) return undefined;
    armed.left -= 1;
    if (armed.left > 0) return undefined;
    const { when } = armed;
    armed = undefined;
    cuts += 1;
    return when;
  }

  Socket.prototype.write = function cutting(this: Socket, ...given: unknown[]): boolean {
    const when = cut(this, given[0]);
    if (when === 'before') {
      this.destroy();
      return false;
    }
    if (when === 'after') this.removeAllListeners('data').once('data', () => this.destroy());
    return Reflect.apply(write, this, given);
  } as typeof write;

  return {
    url: target.href,
    arm(nth, when) {
      armed = { left: nth, when };
    },
    disarm() {
      armed = undefined;
    },
    cuts: () => cuts,
    stop() {
      Socket.prototype.write = write;
    },
  };
}
