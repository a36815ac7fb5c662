import { createPrivateKey } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEgress, type Egress, EgressError, type EgressFailure, type EgressParts } from './egress.ts';

const sandbox = { allowLoopback: true, allowHttp: true };
const production = { allowLoopback: false, allowHttp: false };

/** Of `receiver.test`, signed by itself, for tests only. */
const tlsKey = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'SwiMeojiw0be_WgJ-tTxFXVENzJbrHaBg8_4nf3guKM',
    y: 'oIE-JHLIp9OeEXsHHFK-Y_gZgsEJaFSFXNKdPsV530o',
    d: 'l8mEQrKSFYZ3wShIJsRitxf6ajxa4g382qSSS1IXDlY',
  },
}).export({ format: 'pem', type: 'pkcs8' });

const tlsCertificate = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1yZWNlaXZl
ci50ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1yZWNlaXZlci50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESwiM
eojiw0be/WgJ+tTxFXVENzJbrHaBg8/4nf3guKOggT4kcsin054RewccUr5j+BmC
wQloVIVc0p0+xXnfSqNMMEowGAYDVR0RBBEwD4INcmVjZWl2ZXIudGVzdDAPBgNV
HRMBAf8EBTADAQH/MB0GA1UdDgQWBBTLtTICCQx08NimZJ+XSiVyW4gR/DAKBggq
hkjOPQQDAgNIADBFAiEA2atUh7kKg0dgI9pjnUV0LfAvDYkYP8NQRDBKsRZHP3QC
IAt3Kapk8TnrehjTRZ34CvbSk3hcfCIv6oDnYSFDBbZ3
-----END CERTIFICATE-----`;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function egressOf(rules = sandbox, parts: EgressParts = {}): Egress {
  const egress = createEgress(rules, parts);
  undo.push(() => egress.close());
  return egress;
}

async function portOf(server: Server | TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const receiver = async (listener: RequestListener) => `http://127.0.0.1:${await portOf(createServer(listener))}/hook`;

/** A receiver that speaks for itself: what is written is all that is sent. */
const rawReceiver = async (onData: (socket: Socket) => void) =>
  `http://127.0.0.1:${await portOf(createTcpServer((socket) => socket.once('data', () => onData(socket))))}/hook`;

/** A name that resolves to what it is told. */
const resolving =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const request = (fields: Partial<Parameters<Egress['post']>[1]> = {}) => ({
  merchantId: 'M1',
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from('{"eventType":"X"}'),
  timeoutMs: 2_000,
  ...fields,
});

async function failureOf(post: Promise<unknown>): Promise<EgressFailure | undefined> {
  const error = await post.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EgressError);
  return (error as EgressError).failure;
}

const ok: RequestListener = (incoming, response) => {
  incoming.resume();
  incoming.on('end', () => response.end('{"message":"success"}'));
};

describe('a post', () => {
  test('carries exactly the bytes and headers given, and brings back the answer', async () => {
    let seen: { incoming: IncomingMessage; body: Buffer } | undefined;
    const url = await receiver(async (incoming, response) => {
      seen = { incoming, body: Buffer.concat(await incoming.toArray()) };
      response.writeHead(200, { 'content-type': 'application/json', 'x-signature': 's' }).end('{"message":"success"}');
    });
    const body = Buffer.from([0x7b, 0xc3, 0xa9, 0x00, 0x7d]);
    const answer = await egressOf().post(`${url}?a=b%20c`, request({ body, headers: { 'webhook-id': 'e1' } }));
    expect(seen?.body).toEqual(body);
    expect(seen?.incoming).toMatchObject({ method: 'POST', url: '/hook?a=b%20c' });
    expect(seen?.incoming.headers).toMatchObject({ 'webhook-id': 'e1', 'content-length': '5' });
    expect(answer).toMatchObject({ status: 200, truncated: false, headers: { 'x-signature': 's' } });
    expect(answer.body.toString()).toBe('{"message":"success"}');
  });

  test('does not follow a redirect', async () => {
    let inner = 0;
    const target = await receiver((_, response) => {
      inner += 1;
      response.end();
    });
    for (const status of [301, 302, 307, 308]) {
      const url = await receiver((_, response) => response.writeHead(status, { location: target }).end());
      expect((await egressOf().post(url, request())).status).toBe(status);
    }
    expect(inner).toBe(0);
  });

  test('uses no proxy that the environment names', async () => {
    const names = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = 'http://127.0.0.1:9';
    undo.push(() => {
      for (const name of names) delete process.env[name];
    });
    expect((await egressOf().post(await receiver(ok), request())).status).toBe(200);
  });
});

describe('whatever the receiver does, a post ends', () => {
  const trickle = (socket: Socket, text: string) => {
    const timer = setInterval(() => socket.write(text), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const headers = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const misbehaviour: Record<string, (socket: Socket) => void> = {
    'never answers': () => {},
    'sends a header byte by byte': (socket) => {
      socket.write(`${headers}X-A: `);
      trickle(socket, 'a');
    },
    'sends header after header': (socket) => {
      socket.write(headers);
      trickle(socket, 'X-A: 1\r\n');
    },
    'sends its body byte by byte': (socket) => {
      socket.write(`${headers}Content-Length: 4000\r\n\r\n`);
      trickle(socket, ' ');
    },
    'never ends its body': (socket) => socket.write(`${headers}\r\n{"message":"success"}`),
    'says 103 for ever': (socket) => trickle(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  };

  test.each(Object.entries(misbehaviour))('at its deadline when it %s', async (_, behave) => {
    const url = await rawReceiver(behave);
    const start = performance.now();
    expect(await failureOf(egressOf().post(url, request({ timeoutMs: 150 })))).toBe('timeout');
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  test('at its deadline when the name is never resolved', async () => {
    const post = egressOf(sandbox, { resolve: () => new Promise(() => {}) }).post(
      'http://receiver.test/',
      request({ timeoutMs: 150 }),
    );
    expect(await failureOf(post)).toBe('timeout');
  });

  test('when it answers whole and keeps the connection', async () => {
    const url = await rawReceiver((socket) => socket.write(`${headers}Content-Length: 2\r\n\r\n{}`));
    expect((await egressOf().post(url, request())).body.toString()).toBe('{}');
  });

  test('after 4 KB of an answer without end', async () => {
    let sent = 0;
    const url = await receiver((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const answer = await egressOf().post(url, request());
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(4_096);
    expect(sent).toBeLessThan(16 * 1_048_576);
  });

  test('with the whole answer when that has exactly 4 KB', async () => {
    const url = await receiver((_, response) => response.end('x'.repeat(4_096)));
    expect(await egressOf().post(url, request())).toMatchObject({ truncated: false });
  });

  const broken: Record<string, (socket: Socket) => void> = {
    'closes without a word': (socket) => socket.end(),
    'resets the connection': (socket) => socket.resetAndDestroy(),
    'speaks another protocol': (socket) => socket.end('220 mail.example ESMTP\r\n'),
    'breaks off in its headers': (socket) => socket.end('HTTP/1.1 200 O'),
    'breaks off in its body': (socket) => socket.end(`${headers}Content-Length: 40\r\n\r\n{"mess`),
    'switches protocols': (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  };

  test.each(Object.entries(broken))('at once when it %s', async (_, behave) => {
    const post = egressOf().post(await rawReceiver(behave), request());
    expect(await failureOf(post)).toBe('broken');
  });

  test('at once when nobody listens', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const post = egressOf().post(`http://127.0.0.1:${port}/`, request());
    expect(await failureOf(post)).toBe('unreachable');
    await expect(post).rejects.toThrow(/^your server could not be reached; /);
  });
});

describe('a target is refused when it is used', () => {
  test('and no socket is opened, though the system would take each of these to this machine', async () => {
    let connections = 0;
    const server = createServer(ok);
    server.on('connection', () => {
      connections += 1;
    });
    const port = await portOf(server);
    for (const host of ['0.0.0.0', '0', '0x0', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]']) {
      expect(await failureOf(egressOf().post(`http://${host}:${port}/`, request()))).toBe('refused');
    }
    for (const address of ['0.0.0.0', '::ffff:127.0.0.1']) {
      const egress = egressOf(sandbox, { resolve: resolving('127.0.0.1', address) });
      expect(await failureOf(egress.post(`http://receiver.test:${port}/`, request()))).toBe('refused');
    }
    expect(connections).toBe(0);
    await egressOf().post(`http://127.0.0.1:${port}/`, request());
    expect(connections).toBe(1);
  });

  test.each([
    ['a private address', ['10.0.0.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['an IPv4-mapped address', ['::ffff:127.0.0.1']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['an IPv4-compatible address', ['::7f00:1']],
    ['a public and a private address', ['8.8.8.8', '10.0.0.1']],
    ['a private address after many public ones', [...Array(20).fill('8.8.8.8'), 'fd00::1']],
  ])('when its name resolves to %s', async (_, addresses) => {
    const egress = egressOf({ allowLoopback: false, allowHttp: true }, { resolve: resolving(...addresses) });
    expect(await failureOf(egress.post('http://receiver.test/', request()))).toBe('refused');
  });

  test('when its name resolves to this machine, in production', async () => {
    const egress = egressOf(production, { resolve: resolving('127.0.0.1') });
    const post = egress.post('https://receiver.test/', request());
    expect(await failureOf(post)).toBe('refused');
    await expect(post).rejects.toThrow(/^your server could not be reached; /);
  });

  test('when its name moves to a private address after it was checked: each connection is checked anew', async () => {
    const port = Number(new URL(await receiver((_, response) => response.setHeader('connection', 'close').end())).port);
    let lookups = 0;
    const rebinding = () => {
      lookups += 1;
      return resolving(lookups === 1 ? '127.0.0.1' : '10.0.0.1')();
    };
    const egress = egressOf(sandbox, { resolve: rebinding });
    expect((await egress.post(`http://receiver.test:${port}/`, request())).status).toBe(200);
    expect(await failureOf(egress.post(`http://receiver.test:${port}/`, request()))).toBe('refused');
    expect(lookups).toBe(2);
  });

  test('when its name resolves to nothing', async () => {
    const egress = egressOf(sandbox, { resolve: resolving() });
    expect(await failureOf(egress.post('http://receiver.test/', request()))).toBe('unreachable');
  });
});

describe('a secure connection', () => {
  async function secureReceiver(options: object = {}) {
    const seen: { servername?: string; host?: string } = {};
    const server = createSecureServer({ key: tlsKey, cert: tlsCertificate, ...options }, (incoming, response) => {
      seen.servername = (incoming.socket as unknown as { servername: string }).servername;
      seen.host = incoming.headers.host ?? '';
      response.end();
    });
    return { port: await portOf(server), seen };
  }
  const trusting = { resolve: resolving('127.0.0.1'), ca: tlsCertificate };

  test('goes to the checked address under the name of the receiver', async () => {
    const { port, seen } = await secureReceiver();
    const answer = await egressOf(sandbox, trusting).post(`https://receiver.test:${port}/`, request());
    expect(answer.status).toBe(200);
    expect(seen).toEqual({ servername: 'receiver.test', host: `receiver.test:${port}` });
  });

  test('is refused when nobody vouches for the certificate', async () => {
    const { port } = await secureReceiver();
    const egress = egressOf(sandbox, { resolve: trusting.resolve });
    expect(await failureOf(egress.post(`https://receiver.test:${port}/`, request()))).toBe('insecure');
  });

  test('is refused when the certificate names somebody else', async () => {
    const { port } = await secureReceiver();
    expect(await failureOf(egressOf(sandbox, trusting).post(`https://other.test:${port}/`, request()))).toBe(
      'insecure',
    );
  });

  test('is refused below TLS 1.2', async () => {
    const { port } = await secureReceiver({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(await failureOf(egressOf(sandbox, trusting).post(`https://receiver.test:${port}/`, request()))).toBe(
      'insecure',
    );
  });

  test('is not made to a receiver that speaks plainly', async () => {
    const { port } = new URL(await receiver(ok));
    expect(await failureOf(egressOf(sandbox, trusting).post(`https://receiver.test:${port}/`, request()))).toBe(
      'insecure',
    );
  });
});

describe('connections', () => {
  test('are used again by one merchant and never shared by two', async () => {
    const sockets: (Socket | undefined)[] = [];
    const url = await receiver((incoming, response) => {
      sockets.push(incoming.socket);
      ok(incoming, response);
    });
    const egress = egressOf();
    for (const merchantId of ['M1', 'M1', 'M2', 'M2', 'M1']) await egress.post(url, request({ merchantId }));
    const [first, again, other, otherAgain, last] = sockets;
    expect([again, otherAgain, last]).toEqual([first, other, first]);
    expect(other).not.toBe(first);
  });

  test('that the receiver has closed meanwhile are not used again', async () => {
    let closed = 0;
    const url = await rawReceiver((socket) => {
      socket.on('close', () => {
        closed += 1;
      });
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      setTimeout(() => socket.end(), 10);
    });
    const egress = egressOf();
    for (let post = 1; post <= 3; post++) {
      expect((await egress.post(url, request())).status).toBe(200);
      await vi.waitFor(() => expect(closed).toBe(post));
    }
  });

  test('that break when they are used again are an attempt, and no second one is made in secret', async () => {
    let posts = 0;
    const url = await receiver((incoming, response) => {
      posts += 1;
      if (posts === 1) ok(incoming, response);
      else response.destroy();
    });
    const egress = egressOf();
    await egress.post(url, request());
    expect(await failureOf(egress.post(url, request()))).toBe('broken');
    expect(posts).toBe(2);
  });
});
