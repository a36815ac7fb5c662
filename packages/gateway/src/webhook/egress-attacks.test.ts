/**
 * P-10: every known way of naming this machine and its networks, tried as a webhook URL when it is saved, when it is sent
 * to, as the target of a redirect, and as what a nameserver changes its mind to. A listener on all addresses counts.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { urlIn } from '@waffo/protocol/url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Nameserver, startNameserver } from '../../../../test/kit/nameserver.ts';
import { createEgress, type Egress, EgressError, type EgressFailure } from './egress.ts';
import { hostOf } from './notify-url.ts';
import { addressesOf } from './resolve.ts';

const own = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));

/** Hosts as a merchant could write them; the port comes behind them. */
const hosts: readonly string[] = [
  ...Object.values({
    'this machine, plainly': '127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.254 0.0.0.0 0.0.0.1 [::1] [::]',
    'in numbers of other bases':
      '2130706433 2130706434 0x7f000001 0X7F000002 017700000001 0x7f.1 0x7f.0.0.1 0177.1 0177.0.0.01 0x7f.0.1 127.0x1 127.0.0x0.02 0 0x0 00 0.0 0x0.0x0.0x0.0x0',
    'in short': '127.1 127.2 127.0.1 127.0.2 127.65535 127.16777215 10.1 192.168.257 172.1048577',
    'in other scripts':
      '１２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡2 ①②⑦.⓪.⓪.① 𝟏𝟐𝟕.𝟎.𝟎.𝟏 𝟙𝟚𝟟.𝟘.𝟘.𝟙 ₁₂₇.₀.₀.₁ ¹²⁷.⁰.⁰.¹ ⑩.0.0.1',
    'with a dot behind': '127.0.0.1. 127.1. 2130706433. localhost. 10.0.0.1. 0.',
    'in percent signs': '%31%32%37.0.0.1 127%2e0%2e0%2e1 %6c%6f%63alhost 127.0.0.%31 %5b::1%5d %30',
    'as IPv6':
      '[0:0:0:0:0:0:0:1] [0000::0001] [::0.0.0.1] [::0:1] [0::1] [::ffff:127.0.0.1] [::FFFF:7F00:1] [0:0:0:0:0:ffff:127.0.0.2] [::ffff:0.0.0.0] [::127.0.0.1] [::7f00:2] [::ffff:0:127.0.0.1] [::ffff:a00:1]',
    'in a tunnel':
      '[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::127.0.0.1] [2002:7f00:1::] [2002:7f00:2::1] [2002:a9fe:a9fe::] [2001:0:7f00:1::1] [2001::ffff:80ff:fffe] [5f00::1]',
    'with a zone': '[fe80::1%25lo] [fe80::1%25eth0] [::1%25lo] [fe80::1%lo]',
    'of networks that are private':
      '10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.254 100.64.0.1 169.254.1.1 192.0.0.1 198.18.0.1 [fc00::1] [fd00::1] [fd00:ec2::254] [fe80::1] [fec0::1]',
    'of clouds':
      '169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 [::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] 100.100.100.200 168.63.129.16.localhost 169.254.170.2',
    'of many and of nobody':
      '224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 [ff02::1] [ff0e::1] 192.0.2.2 203.0.113.1 [2001:db8::1] [100::1]',
    'that are names':
      'localhost LOCALHOST localhost.localhost foo.localhost LocalHost. ip6-localhost metadata gateway intranet',
  }).flatMap((list) => list.split(' ')),
  ...own,
];

/** Whole URLs that a careless reader takes for something else. */
const tricks: readonly ((port: number) => string)[] = [
  (port) => `http://8.8.8.8@127.0.0.1:${port}/`,
  (port) => `http://8.8.8.8:80@127.0.0.2:${port}/`,
  (port) => `http://user:pass@localhost:${port}/`,
  (port) => `http://127.0.0.1:${port}\\@8.8.8.8/`,
  (port) => `http://8.8.8.8\\@127.0.0.1:${port}/`,
  (port) => `http://127.0.0.1:${port}#@8.8.8.8/`,
  (port) => `http://8.8.8.8#@127.0.0.1:${port}/`,
  (port) => `http:127.0.0.1:${port}/`,
  (port) => `http:/127.0.0.1:${port}/`,
  (port) => `http:///127.0.0.1:${port}/`,
  (port) => `http:\\\\127.0.0.1:${port}/`,
  (port) => `HTTP://127.0.0.1:${port}/`,
  (port) => ` http://127.0.0.1:${port}/`,
  (port) => `ht\ttp://127.0.0.1:${port}/`,
  (port) => `http://127.0.0.1\t:${port}/`,
  (port) => `http://127.0.0.1\u0000:${port}/`,
  (port) => `http://127.0.\u00ad0.1:${port}/`,
  (port) => `http://127.0.0.1\u200b:${port}/`,
  (port) => `//127.0.0.1:${port}/`,
  (port) => `127.0.0.1:${port}`,
  (port) => `https://127.0.0.1:${port}/`,
  (port) => `ftp://127.0.0.1:${port}/`,
  (port) => `gopher://127.0.0.1:${port}/_x`,
  (port) => `ws://127.0.0.1:${port}/`,
  (port) => `dict://127.0.0.1:${port}/x`,
  () => 'file:///etc/passwd',
  () => 'unix:/var/run/docker.sock',
  () => 'http://unix:/var/run/docker.sock:/x',
  () => 'data:text/plain,x',
  () => 'javascript:alert(1)',
];

/** What a nameserver could answer instead of the address that was allowed. */
const answers = (
  '127.0.0.2 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 198.18.0.1 224.0.0.1 255.255.255.255 ' +
  ':: ::ffff:127.0.0.1 ::ffff:127.0.0.2 ::127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1:: 2001::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 5f00::1 2001:db8::1'
).split(' ');

let port: number;
let nameserver: Nameserver;
/** The local address of each connection that came. */
let connections: string[] = [];
const sockets = new Set<Socket>();
let location = '';
const listener = createServer((incoming, response) => {
  incoming.resume();
  if (location === '') response.end('{"message":"success"}');
  else response.writeHead(302, { location, connection: 'close' }).end();
});
listener.on('connection', (socket) => {
  connections.push((socket.localAddress ?? '').replace('::ffff:', ''));
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket)).on('error', () => {});
});

beforeAll(async () => {
  nameserver = await startNameserver();
  await new Promise<void>((resolve) => listener.listen(0, resolve));
  port = (listener.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
  await nameserver.stop();
});

let production: Egress;
let sandbox: Egress;
beforeEach(() => {
  connections = [];
  location = '';
  const resolve = (name: string) => addressesOf(name, [nameserver.address]);
  production = createEgress({ allowLoopback: false, allowHttp: true, morePorts: [port] }, { resolve });
  sandbox = createEgress({ allowLoopback: true, allowHttp: true }, { resolve });
});
afterEach(() => {
  production.close();
  sandbox.close();
});

const urls = () => [...hosts.map((host) => `http://${host}:${port}/`), ...tricks.map((url) => url(port))];

async function postTo(egress: Egress, url: string, timeoutMs = 3_000): Promise<EgressFailure | number> {
  const request = { merchantId: 'M1', headers: {}, body: Buffer.from('{}'), timeoutMs };
  try {
    return (await egress.post(url, request)).status;
  } catch (error) {
    if (error instanceof EgressError) return error.failure;
    throw error;
  }
}

/** Whether a careless client reaches the listener. */
const reaches = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const parsed = urlIn(url);
    if (parsed === undefined) return resolve(false);
    const socket = connect({ host: hostOf(parsed), port, timeout: 500 });
    socket.on('connect', () => resolve(true) ?? socket.destroy());
    for (const end of ['error', 'timeout', 'close']) socket.on(end, () => resolve(false) ?? socket.destroy());
  });

describe('no form of an address that is not public', () => {
  test('is harmless by itself: there are 150, and a client without our guard reaches this machine through dozens', async () => {
    expect(new Set(urls()).size).toBeGreaterThanOrEqual(150);
    const reached = await Promise.all(hosts.map((host) => reaches(`http://${host}:${port}/`)));
    expect(reached.filter(Boolean).length).toBeGreaterThan(40);
  });

  test('is taken when it is saved', () => {
    expect(urls().filter((url) => production.check(url) === undefined)).toEqual([]);
  });

  test('is connected to when it is sent to, though it had been saved', async () => {
    const results = await Promise.all(urls().map((url) => postTo(production, url)));
    expect(new Set(results)).toEqual(new Set(['refused']));
    expect(connections).toEqual([]);
  });

  test('is connected to when a receiver redirects to it, whatever the status', async () => {
    for (const url of urls()) {
      location = encodeURI(url).slice(0, 500);
      expect(await postTo(sandbox, `http://127.0.0.1:${port}/`)).toBe(302);
    }
    expect(connections).toEqual(Array(urls().length).fill('127.0.0.1'));
  });

  test('is connected to when a public-looking name resolves to it', async () => {
    const names = answers.map((address, index) => {
      nameserver.decide(`n${index}.shop.example`, () => ({ addresses: [address] }));
      return `http://n${index}.shop.example:${port}/`;
    });
    expect(names.map((url) => production.check(url))).toEqual(names.map(() => undefined));
    for (const egress of [production, sandbox]) {
      const results = await Promise.all(names.map((url) => postTo(egress, url)));
      expect(results).toEqual(names.map(() => 'refused'));
    }
    expect(connections).toEqual([]);
  });
});

describe('a nameserver of an attacker', () => {
  const good = '127.0.0.1';

  test('that changes its mind between two questions gains nothing: what was checked is what is connected to', async () => {
    for (const [index, address] of answers.entries()) {
      const name = `r${index}.shop.example`;
      nameserver.decide(name, (asked) => ({ addresses: [asked % 2 === 0 ? good : address] }));
      const results = [];
      // A connection that is kept is not asked for again: each post must make its own.
      for (let round = 0; round < 4; round++) {
        location = '/';
        results.push(await postTo(sandbox, `http://${name}:${port}/`));
      }
      expect(results).toEqual([302, 'refused', 302, 'refused']);
    }
    expect(new Set(connections)).toEqual(new Set([good]));
    expect(connections).toHaveLength(answers.length * 2);
  });

  test('that mixes a good address with a bad one gains nothing, whichever comes first', async () => {
    for (const [index, address] of answers.entries()) {
      for (const addresses of [
        [good, address],
        [address, good],
      ]) {
        nameserver.decide(`m${index}.shop.example`, () => ({ addresses }));
        expect(await postTo(sandbox, `http://m${index}.shop.example:${port}/`)).toBe('refused');
      }
    }
    expect(connections).toEqual([]);
  });

  test('that hides a bad address behind a chain of aliases gains nothing', async () => {
    for (const [index, address] of answers.entries()) {
      const via = ['cdn.example.net', 'edge.example.org', 'localhost'];
      nameserver.decide(`c${index}.shop.example`, () => ({ addresses: [address], via }));
      expect(await postTo(sandbox, `http://c${index}.shop.example:${port}/`)).toBe('refused');
    }
    nameserver.decide('alias.shop.example', () => ({ addresses: [good], via: ['cdn.example.net'] }));
    expect(await postTo(sandbox, `http://alias.shop.example:${port}/`)).toBe(200);
    expect(connections).toEqual([good]);
  });

  test('that fails, denies or says nothing makes a receiver unreachable, and is not asked for ever', async () => {
    nameserver.decide('broken.shop.example', () => 'servfail');
    nameserver.decide('silent.shop.example', () => 'silent');
    nameserver.decide('empty.shop.example', () => ({ addresses: [] }));
    const names = ['broken', 'empty', 'unknown'].map((name) => `http://${name}.shop.example:${port}/`);
    expect(await Promise.all(names.map((url) => postTo(sandbox, url)))).toEqual(names.map(() => 'unreachable'));
    expect(await postTo(sandbox, `http://silent.shop.example:${port}/`, 300)).toBe('timeout');
  });

  test('that says nothing to a hundred questions holds up nobody else', async () => {
    const silent = Array.from({ length: 100 }, (_, index) => {
      nameserver.decide(`s${index}.shop.example`, () => 'silent');
      return postTo(sandbox, `http://s${index}.shop.example:${port}/`, 1_000);
    });
    nameserver.decide('quick.shop.example', () => ({ addresses: [good] }));
    expect(await Promise.race([...silent, postTo(sandbox, `http://quick.shop.example:${port}/`)])).toBe(200);
    expect(new Set(await Promise.all(silent))).toEqual(new Set(['timeout']));
  });
});

test('an address of this machine is refused though it is public: what listens here was not meant for strangers', async () => {
  const egress = createEgress(
    { allowLoopback: false, allowHttp: true },
    { resolve: async () => [{ address: '8.8.4.4', family: 4 }], ownAddresses: () => ['8.8.8.8', '8.8.4.4'] },
  );
  expect(await postTo(egress, 'http://8.8.8.8/')).toBe('refused');
  expect(await postTo(egress, 'http://shop.example/')).toBe('refused');
  egress.close();
});
