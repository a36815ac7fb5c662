import { generateKeyPairSync } from 'node:crypto';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { Waffo } from './index.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const waffo = new Waffo({
  apiKey: 'k',
  privateKey: exportPrivateKey(merchant.privateKey),
  waffoPublicKey: exportPublicKey(platform.publicKey),
  environment: 'sandbox',
  merchantId: 'M1',
});

const event = { eventType: 'TOKENIZATION_NOTIFICATION', result: { tokenId: 'tok_x', tokenStatus: 'UNVERIFIED' } };
const body = JSON.stringify(event);
const signature = await sign(Buffer.from(body), platform.privateKey);

const forged = await sign(Buffer.from(body), merchant.privateKey);

const isSigned = (answer: { body: string; signature: string }) =>
  verify(Buffer.from(answer.body), answer.signature, merchant.publicKey);

describe('a genuine notification', () => {
  test('reaches its handler and is acknowledged to the byte, signed', async () => {
    const seen: unknown[] = [];
    const answer = await waffo
      .webhook()
      .onTokenization((result) => seen.push(result))
      .handleWebhook(body, signature);
    expect(seen).toEqual([event.result]);
    expect(answer).toMatchObject({ success: true, status: 200, body: '{"message":"success"}' });
    expect(answer.headers).toEqual({ 'Content-Type': 'application/json', 'X-SIGNATURE': answer.signature });
    expect(isSigned(answer)).toBe(true);
  });

  test('may arrive as bytes', async () => {
    expect(await waffo.webhook().handleWebhook(new TextEncoder().encode(body), signature)).toMatchObject({
      success: true,
    });
  });

  test('whose handler fails is answered failed, signed, so that it is sent again', async () => {
    const answer = await waffo
      .webhook()
      .onTokenization(() => Promise.reject(new Error('the database is away')))
      .handleWebhook(body, signature);
    expect(answer).toMatchObject({ success: false, body: '{"message":"failed"}' });
    expect(answer.error?.cause).toMatchObject({ message: 'the database is away' });
    expect(isSigned(answer)).toBe(true);
  });

  test('of a kind without a handler is acknowledged, so that it is not sent eight times', async () => {
    expect(
      await waffo
        .webhook()
        .onPayment(() => {})
        .handleWebhook(body, signature),
    ).toMatchObject({ success: true });
  });
});

describe('what is not genuine never reaches a handler', () => {
  const never = () => {
    throw new Error('a forged notification was handled');
  };

  test.each([
    ['with its signature missing, the header is named', body, undefined, /X-SIGNATURE header is missing/],
    ['signed by another key, the key is named', body, forged, /waffoPublicKey/],
    ['changed by one byte', body.replace('tok_x', 'tok_y'), signature, /does not fit the body/],
    [
      'parsed and written again, the parser is named',
      JSON.stringify(event, undefined, 2),
      signature,
      /before any JSON parser/,
    ],
    ['passed as an object, the raw body is named', event as never, signature, /parsed before verification/],
    ['passed as nothing', undefined as never, signature, /raw bytes/],
    ['that is not JSON', 'hello', signature, /does not fit the body/],
  ])('%s', async (_, raw, header, message) => {
    const answer = await waffo.webhook().onTokenization(never).onPayment(never).handleWebhook(raw, header);
    expect(answer).toMatchObject({ success: false, body: '{"message":"failed"}' });
    expect(answer.error?.message).toMatch(message);
    expect(isSigned(answer)).toBe(true);
  });
});
