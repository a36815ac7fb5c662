import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, type TestDoor } from '../../../../test/kit/door.ts';
import { type Listener, listen } from './listen.ts';

let door: TestDoor;
let listener: Listener;
let key: string;
const json = { 'content-type': 'application/json' };
beforeAll(async () => {
  door = await openDoor();
  listener = await listen(door.http, { host: '127.0.0.1', port: 0 });
  key = `X-API-KEY: ${door.alice.apiKey}`;
});
afterAll(() => listener.stop());

const open = async (): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(listener.url).port) });
  // A reset is one of the ways in which the other end says no.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
};

/** Sends bytes and reads until the other end closes. */
async function exchange(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = await open();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
  return Buffer.concat(chunks).toString();
}

function answersIn(text: string): { status: number; body: string; signedFor: string | undefined }[] {
  const answers = [];
  for (let rest = text; rest !== ''; ) {
    const headEnd = rest.indexOf('\r\n\r\n') + 4;
    const head = rest.slice(0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (headEnd < 4 || Number.isNaN(length)) throw new Error(`no complete answer: ${rest.slice(0, 200)}`);
    const body = rest.slice(headEnd, headEnd + length);
    const signature = /x-signature: (\S+)/i.exec(head)?.[1] ?? '';
    answers.push({ status: Number(head.split(' ')[1]), body, signedFor: door.signerOf(Buffer.from(body), signature) });
    rest = rest.slice(headEnd + length);
  }
  return answers;
}

const head = (...lines: string[]) =>
  `${['POST /api/v1/order/echo HTTP/1.1', 'Host: x', 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`;

test('two hundred connections that send a byte a second do not hold up a call', async () => {
  const slow = await Promise.all(Array.from({ length: 200 }, open));
  const drip = head(key, 'Content-Type: application/json', 'Content-Length: 1000');
  for (const [index, socket] of slow.entries()) socket.write(index % 2 === 0 ? drip : drip.slice(0, 40));
  const timer = setInterval(() => {
    for (const socket of slow) socket.write('x');
  }, 200);
  try {
    for (let n = 0; n < 5; n++) {
      const before = performance.now();
      const body = Buffer.from('{"text":"a"}');
      const headers = {
        ...json,
        'x-api-key': door.alice.apiKey,
        'x-signature': await sign(body, door.alice.privateKey),
      };
      const answer = await fetch(`${listener.url}/api/v1/order/echo`, { method: 'POST', body, headers });
      expect(answer.status).toBe(200);
      expect(performance.now() - before).toBeLessThan(2_000);
    }
  } finally {
    clearInterval(timer);
    for (const socket of slow) socket.destroy();
  }
});

describe('what is no HTTP gets one signed refusal and the connection ends', () => {
  test.each<[string, string | Buffer]>([
    ['noise', 'hello\r\n\r\n'],
    ['binary noise', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x0d, 0x0a])],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['HTTP/3.0', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n'],
    ['100 kB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['two ways to tell the length', head('Content-Length: 2', 'Transfer-Encoding: chunked')],
    ['two lengths', head('Content-Length: 2', 'Content-Length: 3')],
    ['a length that is no number', head('Content-Length: -1')],
    ['a folded header', head('X-A: 1\r\n folded: 2')],
    ['a header without a name', head(': 1')],
    ['a blank before the colon', head('Content-Length : 2')],
    ['a bare line feed in a header', head('X-A: 1\nX-B: 2\r\r')],
  ])('%s', async (_what, bytes) => {
    const answers = answersIn(await exchange(bytes));
    expect(answers).toMatchObject([{ status: 400, signedFor: 'system' }]);
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ code: 'A0003', data: {} });
  });

  test('a chunk that is no chunk ends the connection', async () => {
    const answers = answersIn(await exchange(head('Transfer-Encoding: chunked', key), 'zz\r\n'));
    expect(answers.every(({ status, signedFor }) => status === 400 && signedFor !== undefined)).toBe(true);
  });

  test('it is never taken for the answer to the request before it', async () => {
    const body = '{"text":"a"}';
    const { headers } = await signedRequest(door, body);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const { begun, release } = hang(door);
    const socket = await open();
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.write(head(...lines, `Content-Length: ${body.length}`).replace('Connection: close\r\n', '') + body);
    await begun;
    socket.write('noise\r\n\r\n');
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
    release();
    door.onEcho(undefined);
    expect(heard).toBe('');
  });
});

describe('bodies', () => {
  test('of almost a megabyte are refused without a reset, so that a client which sends first and reads later learns why', async () => {
    const body = Buffer.alloc(1_000_000, 'x');
    const socket = await open();
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    socket.pause();
    socket.write(head(key, 'Content-Type: application/json', `Content-Length: ${body.length}`));
    for (let at = 0; at < body.length; at += 50_000) {
      socket.write(body.subarray(at, at + 50_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
    expect(errors).toEqual([]);
    expect(answersIn(heard)).toMatchObject([{ status: 413, signedFor: 'alice' }]);
  });

  test('that come in chunks are counted as they come', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const request = head(key, 'Content-Type: application/json', 'Transfer-Encoding: chunked') + chunk.repeat(5);
    const [answer] = answersIn(await exchange(`${request}0\r\n\r\n`));
    expect(answer).toMatchObject({ status: 413, signedFor: 'alice' });
  });

  test('that never end are not waited for beyond a megabyte', async () => {
    const socket = await open();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(head(key, 'Content-Type: application/json', 'Transfer-Encoding: chunked'));
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let sent = 0; sent < 1_000 && !socket.destroyed && chunks.length === 0; sent++) {
      socket.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!socket.destroyed) await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
    expect(socket.bytesWritten).toBeLessThan(16_000_000);
  });

  test('that break off leave the gateway well', async () => {
    const socket = await open();
    socket.write(head(key, 'Content-Type: application/json', 'Content-Length: 100'));
    socket.write('{"text":');
    socket.destroy();
    await once(socket, 'close');
    expect((await fetch(`${listener.url}/health/live`)).status).toBe(200);
    expect(door.logLines.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  });

  test('are asked for when a client waits to be asked, and an unknown expectation is no reason to be silent', async () => {
    const text = await exchange(
      head(key, 'Expect: the-unexpected', 'Content-Type: application/json', 'Content-Length: 2'),
      '{}',
    );
    expect(answersIn(text)).toMatchObject([{ status: 401, signedFor: 'alice' }]);
  });
});

test('a port that is taken is told in one sentence', async () => {
  const second = await openDoor();
  const port = Number(new URL(listener.url).port);
  await expect(listen(second.http, { host: '127.0.0.1', port })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is in use; set WAFFO_PORT`,
  );
  await second.close();
});

/** Makes calls hang in their handler until they are released. */
function hang(own: TestDoor): { begun: Promise<void>; release: () => void } {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    begun: new Promise((begin) => {
      own.onEcho(() => {
        begin();
        return gate;
      });
    }),
    release,
  };
}

/** Begins a call that does not end before it is released. */
async function hangingCall(own: TestDoor, url: string): Promise<{ answer: Promise<Response>; release: () => void }> {
  const { begun, release } = hang(own);
  const body = '{"text":"a"}';
  const answer = fetch(`${url}/api/v1/order/echo`, { method: 'POST', body, ...(await signedRequest(own, body)) });
  answer.catch(() => {});
  await begun;
  return { answer, release };
}

describe('stopping', () => {
  test('lets the call under way end, takes no new one, and leaves no connection', async () => {
    const own = await openDoor();
    const { url, stop } = await listen(own.http, { host: '127.0.0.1', port: 0 });
    const { answer, release } = await hangingCall(own, url);
    const stopped = stop();
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    release();
    expect(await answer).toMatchObject({ status: 200 });
    expect((await answer).headers.get('connection')).toBe('close');
    await stopped;
  });
});

describe('a gateway that was told to stop', () => {
  test('says so and answers on, each time for the last time, until balancers have heard it', async () => {
    const leaving = await openDoor();
    const left = await listen(leaving.http, { host: '127.0.0.1', port: 0, drainMs: 300 });
    const look = async () => {
      const { status, headers } = await fetch(`${left.url}/health/ready`);
      return { status, connection: headers.get('connection') };
    };
    try {
      expect(await look()).toMatchObject({ status: 200, connection: 'keep-alive' });
      const startedAt = performance.now();
      const over = left.leave();
      expect(await look()).toEqual({ status: 503, connection: 'close' });
      expect((await fetch(`${left.url}/health/live`)).status).toBe(200);
      await over;
      expect(performance.now() - startedAt).toBeGreaterThan(290);
      expect(await look()).toEqual({ status: 503, connection: 'close' });
    } finally {
      await left.stop();
    }
    await expect(fetch(`${left.url}/health/live`)).rejects.toThrow();
  });
});

describe.concurrent('ten seconds', () => {
  test('are what a client has for its headers', { timeout: 20_000 }, async ({ expect }) => {
    const socket = await open();
    const begin = performance.now();
    socket.write('POST /api/v1/order/echo HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X-A: 1\r\n'), 500);
    socket.resume();
    await once(socket, 'close');
    clearInterval(drip);
    expect(performance.now() - begin).toBeGreaterThan(9_000);
    expect(performance.now() - begin).toBeLessThan(13_000);
  });

  test('are what a call has that is under way when the gateway stops', { timeout: 20_000 }, async ({ expect }) => {
    const own = await openDoor();
    const { url, stop } = await listen(own.http, { host: '127.0.0.1', port: 0 });
    const { answer, release } = await hangingCall(own, url);
    const begin = performance.now();
    await stop();
    expect(performance.now() - begin).toBeGreaterThan(9_000);
    expect(performance.now() - begin).toBeLessThan(13_000);
    await expect(answer).rejects.toThrow();
    release();
  });
});

async function signedRequest(own: TestDoor, body: string): Promise<{ headers: Record<string, string> }> {
  const signature = await sign(Buffer.from(body), own.alice.privateKey);
  return { headers: { 'content-type': 'application/json', 'x-api-key': own.alice.apiKey, 'x-signature': signature } };
}
