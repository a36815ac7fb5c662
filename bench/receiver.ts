/** Merchants' endpoint for a benchmark, in a process of its own: acknowledges each notification with a signature made once. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';

export interface BenchReceiver {
  readonly url: string;
  /** How many arrived so far. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** @param privateKey - of the merchant, base64 of PKCS#8 */
export async function startReceiver(privateKey: string): Promise<BenchReceiver> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['receive'], { execArgv: process.execArgv });
  child.send(privateKey);
  const [url] = await once(child, 'message');
  return {
    url: String(url),
    async count() {
      child.send('count');
      const [count] = await once(child, 'message');
      return Number(count);
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function receive(privateKey: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'x-signature': await sign(Buffer.from(acknowledgement), parsePrivateKey(privateKey)),
  };
  let count = 0;
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      count += 1;
      response.writeHead(200, headers).end(acknowledgement);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.on('message', () => process.send?.(count));
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

if (process.argv[2] === 'receive') process.once('message', (key) => void receive(String(key)));
