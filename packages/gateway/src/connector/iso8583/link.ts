/**
 * The TCP link to an acquirer's host: signs on, asks now and then whether the host is there, and dials again when it is
 * not. It finds the answer to a request by type, STAN and time; an answer that nobody waits for any more is dropped. It
 * sends a request once and never by itself again.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { IsoFormatError, type Message, messageOf, textOf } from './codec.ts';
import { frame, frameReader } from './frame.ts';

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** How long an answer is waited for. */
  readonly answerMs: number;
  /** How often the host is asked whether it is there. */
  readonly echoMs: number;
  /** How long after a broken connection the host is dialled again. */
  readonly redialMs: number;
}

/** The answer; `silent`: sent, perhaps done, not answered; `unsent`: not a byte of it left. */
export type Exchange = Message | 'silent' | 'unsent';

export interface Link {
  /**
   * A link that is down is given the time of two dials first.
   *
   * @param request - with fields 7 and 11, which no other open request of its type has
   */
  exchange(request: Message): Promise<Exchange>;
  /** Resolves once the host has taken the sign-on. */
  signedOn(): Promise<void>;
  /** Ends the connection; what was waited for is silent. */
  stop(): Promise<void>;
}

/** Field 70. */
const networkCode = { signOn: '001', echo: '301' } as const;

/**
 * Dials at once, and for as long as it is not stopped.
 *
 * @example
 * const link = openLink({ host: '127.0.0.1', port: 5000, clock, answerMs: 30_000, echoMs: 60_000, redialMs: 1_000 });
 * await link.signedOn();
 */
export function openLink(options: LinkOptions): Link {
  const { clock, redialMs, echoMs } = options;
  const waiting = new Map<string, (answer: Exchange) => void>();
  let socket: Socket | undefined;
  let isStopped = false;
  let traceNumber = 0;
  let timer: { cancel(): void } | undefined;
  const arrivals: (() => void)[] = [];
  let isReady = false;

  const network = (code: string) => {
    traceNumber = (traceNumber % 999_999) + 1;
    const stan = String(traceNumber).padStart(6, '0');
    return send(messageOf('0800', { 7: transmissionTime(clock.now()), 11: stan, 70: code }));
  };
  const send = (request: Message) => exchangeOn(socket, waiting, options, request);

  /** Signs on, or asks for an echo; a host that does not answer is dialled anew. */
  const greet = async (code: string, on: Socket): Promise<void> => {
    const answer = await network(code);
    if (on !== socket) return;
    if (typeof answer === 'string' || textOf(answer, 39) !== '00') {
      on.destroy();
      return;
    }
    isReady = true;
    for (const tell of arrivals.splice(0)) tell();
    timer = clock.after(echoMs, () => void greet(networkCode.echo, on));
  };

  const dial = (): void => {
    const own = createConnection({ host: options.host, port: options.port, noDelay: true });
    socket = own;
    const read = frameReader((message) => waiting.get(keyOf(message.mti, message))?.(message));
    own.on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        if (!(error instanceof IsoFormatError)) throw error;
        own.destroy();
      }
    });
    own.once('connect', () => void greet(networkCode.signOn, own));
    // 'close' follows every error.
    own.on('error', () => undefined);
    own.once('close', () => {
      timer?.cancel();
      isReady = false;
      for (const finish of [...waiting.values()]) finish('silent');
      if (!isStopped) timer = clock.after(redialMs, dial);
    });
  };
  dial();
  const signedOn = (): Promise<void> =>
    isReady ? Promise.resolve() : new Promise((resolve) => void arrivals.push(resolve));

  return {
    async exchange(request) {
      if (!isReady) await Promise.race([signedOn(), after(clock, 2 * redialMs)]);
      return isReady ? send(request) : 'unsent';
    },
    signedOn,
    async stop() {
      isStopped = true;
      timer?.cancel();
      if (socket === undefined || socket.closed) return;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    },
  };
}

function exchangeOn(
  socket: Socket | undefined,
  waiting: Map<string, (answer: Exchange) => void>,
  { clock, answerMs }: LinkOptions,
  request: Message,
): Promise<Exchange> {
  if (socket === undefined || !socket.writable) return Promise.resolve('unsent');
  const key = keyOf(answerTo(request.mti), request);
  if (waiting.has(key)) return Promise.resolve('unsent');
  const framed = frame(request);
  return new Promise((resolve) => {
    const finish = (answer: Exchange) => {
      timer.cancel();
      waiting.delete(key);
      resolve(answer);
    };
    const timer = clock.after(answerMs, () => finish('silent'));
    waiting.set(key, finish);
    socket.write(framed, () => framed.fill(0));
  });
}

const after = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, () => resolve()));

/** `0110` for `0100`. */
const answerTo = (mti: string): string => `${mti.slice(0, 2)}1${mti.slice(3)}`;

const keyOf = (mti: string, message: Message): string => `${mti} ${textOf(message, 11)} ${textOf(message, 7)}`;

/** Field 7: `MMDDhhmmss`, UTC. */
export const transmissionTime = (now: Date): string => now.toISOString().replace(/\D/g, '').slice(4, 14);
