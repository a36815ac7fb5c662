/** `waffo doctor` is given requests that the door really refused, and says which of the known causes it was. */
import { operations } from '@waffo/protocol/operations/all';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../packages/gateway/src/http/diagnose.ts';
import { readSentRequest } from '../../packages/gateway/src/http/sent-request.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const good = { paymentRequestId: 'nobody_made_this' };

interface Change {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  /** Sent in place of what was signed. */
  body?: string;
  value?: object;
}

/** The request as a file, and what the door answered to the same bytes. */
async function refused({ path = '/api/v1/order/inquiry', method = 'POST', headers = {}, value = good, body }: Change) {
  const signed = JSON.stringify(value);
  const sent = body ?? signed;
  const all = {
    'content-type': 'application/json',
    'x-api-key': gateway.merchant.apiKey,
    'x-signature': await sign(Buffer.from(signed), parsePrivateKey(gateway.merchant.merchantPrivateKey)),
    ...headers,
  };
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: all,
    ...(method === 'POST' && { body: sent }),
  });
  const { code } = (await response.json()) as { code: string };
  const lines = Object.entries(all).map(([name, text]) => `${name}: ${text}`);
  const file = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${sent}`);
  const findings = await diagnose(gateway.app.gateway, operations, readSentRequest(file));
  return { code, verdict: findings.at(-1) };
}

describe('the doctor', () => {
  test('finds nothing in a request that the door lets in, whatever its operation then says', async () => {
    const { code, verdict } = await refused({});
    expect(code).toBe('A0009');
    expect(verdict).toEqual({ ok: true, says: expect.stringContaining('nothing at the door refuses') });
  });

  test.each<[string, Change, string, RegExp]>([
    ['a path without its prefix', { path: '/order/inquiry' }, 'A0003', /did you mean \/api\/v1\/order\/inquiry/],
    ['a path that nobody has', { path: '/api/v1/order/look' }, 'A0003', /known are .*\/order\/inquiry/],
    ['GET', { method: 'GET' }, 'A0003', /POST, not with GET/],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 'A0003', /application\/json/],
    ['no key', { headers: { 'x-api-key': '' } }, 'A0001', /X-API-KEY is missing/],
    ['a key of production', { headers: { 'x-api-key': 'wk_live_abc' } }, 'A0001', /production key/],
    ['no signature', { headers: { 'x-signature': '' } }, 'A0002', /X-SIGNATURE is missing/],
    ['a body that was written again', { body: JSON.stringify(good, undefined, 2) }, 'A0002', /written in another way/],
    ['a body of another content', { body: '{"paymentRequestId":"other"}' }, 'A0002', /other bytes/],
    ['a member twice', { body: '{"a":1,"a":2}', value: { a: 1 } }, 'A0002', /other bytes/],
    [
      'a number for a text',
      { value: { paymentRequestId: 1 } },
      'A0003',
      /paymentRequestId: expected a string \(A0003\)/,
    ],
    ['the id of another merchant', { value: { ...good, merchantId: 'M_OTHER' } }, 'A0004', /merchantId: .*\(A0004\)/],
  ])('recognises %s', async (_, change, code, words) => {
    const answer = await refused(change);
    expect(answer.code).toBe(code);
    expect(answer.verdict).toEqual({ ok: false, says: expect.stringMatching(words) });
  });

  test("recognises the client's key at the backend's door, and quotes around a key", async () => {
    const client = await refused({ headers: { 'x-api-key': gateway.merchant.clientApiKey } });
    expect(client).toMatchObject({ code: 'A0001', verdict: { says: expect.stringMatching(/client API key/) } });
    const quoted = await refused({ headers: { 'x-api-key': `"${gateway.merchant.apiKey}"` } });
    expect(quoted).toMatchObject({ code: 'A0001', verdict: { says: expect.stringMatching(/quotes around the key/) } });
  });

  test('recognises a signature by the key that Waffo signs with, and by another merchant', async () => {
    const bytes = Buffer.from(JSON.stringify(good));
    const own = await gateway.app.gateway.platformKeys.signerOf(gateway.merchant.merchantId);
    const platform = await refused({ headers: { 'x-signature': await sign(bytes, own.privateKey) } });
    expect(platform).toMatchObject({ code: 'A0002', verdict: { says: expect.stringMatching(/platform's own key/) } });
    const foreign = await sign(bytes, parsePrivateKey(gateway.pci.merchantPrivateKey));
    const other = await refused({ headers: { 'x-signature': foreign } });
    expect(other).toMatchObject({ code: 'A0002', verdict: { says: expect.stringMatching(/another key/) } });
  });

  test('recognises a suspended merchant', async () => {
    const set = (status: string) =>
      gateway.database.rows({ name: `test/${status}`, text: 'update merchant set status = $1' }, [status]);
    await set('SUSPENDED');
    try {
      const { code, verdict } = await refused({});
      expect({ code, says: verdict?.says }).toEqual({ code: 'A0006', says: expect.stringMatching(/suspended/) });
    } finally {
      await set('ACTIVE');
    }
  });
});

describe('a request in a file', () => {
  test('may have either line end, and ends where its length says', () => {
    const unix = readSentRequest(Buffer.from('POST /a HTTP/1.1\nContent-Length: 2\nX-API-KEY:  k \n\n{}\n'));
    expect(unix).toEqual({
      method: 'POST',
      target: '/a',
      headers: { 'content-length': '2', 'x-api-key': 'k' },
      body: Buffer.from('{}'),
    });
  });

  test.each([
    ['', /no empty line/],
    ['{"a":1}\n\n', /first line must be that of a request/],
    ['POST /a HTTP/1.1\nnonsense\n\n{}', /no colon/],
  ])('that is none is refused with a sentence', (text, sentence) => {
    expect(() => readSentRequest(Buffer.from(text))).toThrow(sentence);
  });
});
