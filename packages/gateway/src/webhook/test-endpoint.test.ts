import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import { sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsOfWebhook } from '../../../../test/kit/contract.ts';
import { VirtualClock } from '../clock.ts';
import { createEgress } from './egress.ts';
import { testEndpoint } from './test-endpoint.ts';

const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const egress = createEgress({ allowLoopback: true, allowHttp: true });

type Receive = (body: Buffer, incoming: IncomingMessage, response: ServerResponse) => unknown;
let receive: Receive;
let url: string;
const server = createServer(async (incoming, response) => {
  const body = Buffer.concat(await incoming.toArray());
  await receive(body, incoming, response);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  egress.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const acknowledge = async (response: ServerResponse, body = acknowledgement) =>
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'x-signature': await sign(Buffer.from(body), merchant.privateKey),
    })
    .end(body);
const isOurs = (body: Buffer, incoming: IncomingMessage) =>
  verify(body, String(incoming.headers['x-signature']), platform.publicKey);

const tried = (
  settings: { tokenNotifyUrl?: string | undefined } = {},
  target: { url?: string; merchantId?: string } = { url },
) =>
  testEndpoint(
    {
      clock: new VirtualClock(new Date('2026-11-23T12:00:00.000Z')),
      egress,
      platformKeys: { signerOf: async () => platform },
      merchantOf: async (id) =>
        id === 'M1' ? { publicKeys: [merchant.publicKey], settings: { lenientAck: false, ...settings } } : undefined,
    },
    { merchantId: 'M1', ...target },
  );

describe('a test of an endpoint', () => {
  test('that does everything right says so, and leaves nothing that a merchant could act upon', async () => {
    const seen: { tokenStatus: string; tokenId?: string }[] = [];
    const faults: string[] = [];
    receive = async (body, incoming, response) => {
      if (!isOurs(body, incoming)) return response.writeHead(400).end();
      const event = JSON.parse(body.toString());
      faults.push(...faultsOfWebhook(event));
      seen.push(event.result);
      await acknowledge(response);
    };
    const report = await tried();
    expect(report).toMatchObject({ ok: true, url });
    expect(report.checks.map(({ tried }) => tried)).toEqual([
      'a signed notification',
      'the same one again',
      'one with a wrong signature',
    ]);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({ tokenStatus: 'FAILED' });
    expect(seen[0]?.tokenId).toBeUndefined();
    expect(faults).toEqual([]);
  });

  test('that acknowledges whatever it is sent says that anybody can send to it', async () => {
    receive = (_body, _incoming, response) => acknowledge(response);
    const report = await tried();
    expect(report.ok).toBe(false);
    expect(report.checks.at(-1)).toMatchObject({
      tried: 'one with a wrong signature',
      ok: false,
      says: expect.stringContaining('anybody can send it one'),
    });
  });

  test('that answers a page says what came and what must come, and tries nothing else', async () => {
    receive = (_body, _incoming, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hi</h1>');
    const { ok, checks } = await tried();
    expect(ok).toBe(false);
    expect(checks).toMatchObject([
      {
        says: 'your server answered 200 with text/html; it must answer 200 with JSON {"message":"success"} and a valid X-SIGNATURE',
        httpStatus: 200,
        answerType: 'text/html',
        answerExcerpt: '<h1>Hi</h1>',
      },
    ]);
  });

  test('that refuses what it has seen before is told that it would be sent for ever', async () => {
    const known = new Set<unknown>();
    receive = (_body, { headers }, response) => {
      const isNew = !known.has(headers['webhook-id']);
      known.add(headers['webhook-id']);
      return isNew ? acknowledge(response) : acknowledge(response, '{"message":"failed"}');
    };
    const { checks } = await tried();
    expect(checks.at(-1)).toMatchObject({ tried: 'the same one again', ok: false });
  });

  test('of an address that may not be used says why, and opens no connection', async () => {
    let connections = 0;
    receive = () => {
      connections += 1;
    };
    const { checks } = await tried({}, { url: 'http://10.0.0.1/' });
    expect(checks).toMatchObject([
      { tried: 'the address', ok: false, says: 'http://10.0.0.1/ must name a public host' },
    ]);
    expect(connections).toBe(0);
  });

  test("goes to the merchant's own address when none is named, and asks for one when there is none", async () => {
    receive = (body, incoming, response) =>
      isOurs(body, incoming) ? acknowledge(response) : response.writeHead(400).end();
    expect(await tried({ tokenNotifyUrl: url }, {})).toMatchObject({ ok: true, url });
    await expect(tried({}, {})).rejects.toThrow('name a URL');
    await expect(tried({}, { merchantId: 'M9' })).rejects.toThrow('there is no merchant M9');
  });
});
