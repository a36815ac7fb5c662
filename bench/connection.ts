/** A raw keep-alive connection to a gateway: a client that costs next to nothing. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Answer {
  readonly status: number;
  /** Empty when there was none. */
  readonly signature: string;
  /** Each byte as a character. */
  readonly body: string;
}

/** Takes one request at a time. */
export interface Connection {
  ask(request: Buffer): Promise<Answer>;
  end(): void;
}

/** @param port - of this machine */
export async function openConnection(port: number): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let text = '';
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < head + 4 + length) return;
    const signature = /x-signature: (\S+)/i.exec(text)?.[1] ?? '';
    const answer = { status: Number(text.slice(9, 12)), signature, body: text.slice(head + 4) };
    text = '';
    settle?.resolve(answer);
  });
  const broken = (): void => settle?.reject(new Error('the connection ended'));
  socket.on('error', broken);
  socket.on('close', broken);
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        // One that ended while nobody waited tells it to nobody.
        if (socket.destroyed) broken();
        else socket.write(request);
      }),
    end: () => socket.destroy(),
  };
}
