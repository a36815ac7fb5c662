/** An acquirer's ISO 8583 host for tests, on the loopback: answers, keeps answers back, sends them late, hangs up. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Message, messageOf, textOf } from '../../packages/gateway/src/connector/iso8583/codec.ts';
import { frame, frameReader } from '../../packages/gateway/src/connector/iso8583/frame.ts';

export interface IsoHost {
  readonly port: number;
  /** All that arrived, in order. */
  readonly received: Message[];
  /** Resolves once this many requests of a type (and network code) have arrived. */
  arrived(mti: string, count?: number, networkCode?: string): Promise<Message[]>;
  /** Field 39 of the answers from now on; `00` at the start. */
  decide(code: (request: Message) => string): void;
  /** Keeps the answers to a type back. */
  hold(mti: string): void;
  /** Sends what was kept back, and keeps nothing back any more. */
  release(): void;
  /** Cuts every connection. */
  hangUp(): void;
  /** Sends bytes that are no message. */
  babble(): void;
  stop(): Promise<void>;
}

/** The answer that echoes the request's fields but the card's. */
const answerTo = (request: Message, code: string): Message => {
  const echoed = [3, 4, 7, 11, 12, 41, 42, 49, 70].flatMap((field) => {
    const value = request.fields.get(field);
    return value === undefined ? [] : [[field, value] as const];
  });
  const stan = textOf(request, 11) ?? '';
  const approved = code === '00' && request.mti < '0400' ? { 37: `HOST00${stan}`, 38: stan } : {};
  const mti = `${request.mti.slice(0, 2)}1${request.mti.slice(3)}`;
  return messageOf(mti, { ...Object.fromEntries(echoed), ...approved, 39: code });
};

export async function startIsoHost(): Promise<IsoHost> {
  const received: Message[] = [];
  const sockets = new Set<Socket>();
  const held = new Set<string>();
  const kept: (() => void)[] = [];
  const watchers = new Set<() => void>();
  let codeOf: (request: Message) => string = () => '00';

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const read = frameReader((request) => {
      received.push(request);
      const answer = () => void socket.write(frame(answerTo(request, codeOf(request))));
      if (held.has(request.mti)) kept.push(answer);
      else answer();
      for (const watch of watchers) watch();
    });
    socket.on('data', (chunk: Buffer) => read(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    received,
    arrived: (mti, count = 1, networkCode) =>
      new Promise((resolve) => {
        const watch = () => {
          const found = received.filter((one) => one.mti === mti && (!networkCode || textOf(one, 70) === networkCode));
          if (found.length < count) return;
          watchers.delete(watch);
          resolve(found);
        };
        watchers.add(watch);
        watch();
      }),
    decide(code) {
      codeOf = code;
    },
    hold: (mti) => void held.add(mti),
    release() {
      held.clear();
      for (const answer of kept.splice(0)) answer();
    },
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
    babble() {
      for (const socket of sockets) socket.write(Buffer.from('\0\x05hello'));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
