import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { Waffo, WaffoError, type WaffoOptions } from './index.ts';
import { version } from './version.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const good = {
  apiKey: 'wk_test_key',
  privateKey: exportPrivateKey(merchant.privateKey),
  waffoPublicKey: exportPublicKey(platform.publicKey),
  environment: 'sandbox',
  merchantId: 'M1',
} as const satisfies WaffoOptions;

const pemOf = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'spki') =>
  key.export({ type: type as 'pkcs8', format: 'pem' }).toString();
const bare = (pem: string) => pem.replace(/-----.*-----|\n/g, '');

/** A `fetch` that notes the address and the signature and answers a signed success. */
function noting() {
  const seen: { url: string; body: Uint8Array; signature: string }[] = [];
  const fetch = (async (url, init) => {
    const signature = new Headers(init?.headers).get('x-signature') ?? '';
    seen.push({ url: String(url), body: init?.body as Uint8Array, signature });
    const body = '{"code":"0","msg":"Success","data":null}';
    return new Response(body, { headers: { 'x-signature': await sign(Buffer.from(body), platform.privateKey) } });
  }) as typeof globalThis.fetch;
  return { fetch, seen };
}

async function addressWith(options: Partial<WaffoOptions>): Promise<string | undefined> {
  const { fetch, seen } = noting();
  await new Waffo({ ...good, ...options, fetch }).tokenization().remove({ tokenId: 't' });
  return seen[0]?.url;
}

function caught(work: () => unknown): WaffoError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(WaffoError);
    return error as WaffoError;
  }
  throw new Error('nothing was thrown');
}

describe('options are refused at once, by name,', () => {
  test.each<[string, Partial<Record<keyof WaffoOptions, unknown>>, string, RegExp]>([
    ['without an API key', { apiKey: '' }, 'S0006', /apiKey is missing/],
    ['without a merchant', { merchantId: undefined }, 'S0006', /merchantId is missing/],
    ['without an environment', { environment: undefined }, 'S0006', /must be 'sandbox' or 'production'/],
    [
      'with an environment that only looks like one',
      { environment: 'toString' },
      'S0006',
      /must be 'sandbox' or 'production'/,
    ],
    ['with the key for browsers', { apiKey: 'wck_test_x' }, 'S0006', /client API key/],
    ['with a live key in the sandbox', { apiKey: 'wk_live_x' }, 'S0006', /not one of the sandbox/],
    ['with a test key in production', { environment: 'production' }, 'S0006', /not one of the production/],
    ['with an API key that is no header', { apiKey: 'a\nb' }, 'S0006', /printable ASCII/],
    ['without a private key', { privateKey: ' ' }, 'S0006', /privateKey is missing/],
    [
      'with a private key that is none',
      { privateKey: 'AAAA' },
      'S0007',
      /privateKey cannot be used: .*base64 of PKCS#8/,
    ],
    [
      'with a private key that is not RSA',
      { privateKey: exportPrivateKey(elliptic.privateKey) },
      'S0007',
      /must be an RSA key/,
    ],
    ['with a public key that is none', { waffoPublicKey: 'AAAA' }, 'S0002', /waffoPublicKey cannot be used/],
    ['with a private key as the public one', { waffoPublicKey: good.privateKey }, 'S0002', /this is a private key/],
    [
      'with the own public key for the gateway',
      { waffoPublicKey: exportPublicKey(merchant.publicKey) },
      'S0002',
      /half of your own/,
    ],
    ['with an address that is none', { baseUrl: 'localhost:4010' }, 'S0006', /baseUrl must be a URL/],
    ['with an address and a password in it', { baseUrl: 'https://a:b@pay.example' }, 'S0006', /baseUrl must be a URL/],
    ['with a timeout of nothing', { timeoutMs: 0 }, 'S0006', /timeoutMs/],
    ['with half a repeat', { maxRetries: 0.5 }, 'S0006', /maxRetries/],
  ])('%s', (_, change, code, message) => {
    const error = caught(() => new Waffo({ ...good, ...change } as WaffoOptions));
    expect(error).toMatchObject({ code, retry: 'never', message: expect.stringMatching(message) });
  });

  test('and what was given is never repeated', () => {
    const secret = Buffer.from('not a key but secret all the same').toString('base64');
    const error = caught(() => new Waffo({ ...good, privateKey: secret }));
    expect(`${inspect(error, { depth: 9 })} ${error.stack}`).not.toContain(secret);
  });
});

describe('keys are taken', () => {
  const pkcs8 = pemOf(merchant.privateKey, 'pkcs8');
  const pkcs1 = pemOf(merchant.privateKey, 'pkcs1');
  const spki = pemOf(platform.publicKey, 'spki');

  test.each([
    ['PKCS#8 in one line', { privateKey: bare(pkcs8) }],
    ['PKCS#1 in one line', { privateKey: bare(pkcs1) }],
    ['PKCS#8 PEM', { privateKey: pkcs8 }],
    ['PKCS#1 PEM', { privateKey: pkcs1 }],
    ['PEM with its line breaks written out', { privateKey: pkcs8.replaceAll('\n', '\\n') }],
    ['SubjectPublicKeyInfo PEM', { waffoPublicKey: spki }],
    [
      'with white space around',
      { privateKey: ` ${bare(pkcs8)}\n`, waffoPublicKey: `${bare(spki)}\n`, apiKey: ' wk_test_key\n' },
    ],
  ])('as %s', async (_, change) => {
    const { fetch, seen } = noting();
    expect((await new Waffo({ ...good, ...change, fetch }).tokenization().remove({ tokenId: 't' })).isSuccess()).toBe(
      true,
    );
    const [sent] = seen as [(typeof seen)[0]];
    expect(verify(sent.body, sent.signature, merchant.publicKey)).toBe(true);
  });
});

describe('requests go', () => {
  test.each([
    ['sandbox', 'https://api-sandbox.waffo.com'],
    ['production', 'https://api.waffo.com'],
  ] as const)('in %s to %s', async (environment, host) => {
    const apiKey = 'opaque';
    expect(await addressWith({ environment, apiKey })).toBe(`${host}/api/v1/tokenization/remove`);
  });

  test.each([
    ['http://127.0.0.1:4010', 'http://127.0.0.1:4010'],
    ['http://127.0.0.1:4010/', 'http://127.0.0.1:4010'],
    ['http://127.0.0.1:4010/api/v1', 'http://127.0.0.1:4010'],
    ['http://127.0.0.1:4010/api/v1/', 'http://127.0.0.1:4010'],
    ['https://pay.example/waffo', 'https://pay.example/waffo'],
  ])('with baseUrl %s below %s', async (baseUrl, root) => {
    expect(await addressWith({ baseUrl })).toBe(`${root}/api/v1/tokenization/remove`);
  });
});

describe('the environment', () => {
  const variables = {
    WAFFO_API_KEY: good.apiKey,
    WAFFO_PRIVATE_KEY: good.privateKey,
    WAFFO_PUBLIC_KEY: good.waffoPublicKey,
    WAFFO_ENVIRONMENT: 'SANDBOX',
    WAFFO_MERCHANT_ID: 'M1',
    WAFFO_BASE_URL: 'http://127.0.0.1:1/api/v1',
  };

  function withVariables<Result>(change: Record<string, string>, work: () => Result): Result {
    const before = { ...process.env };
    try {
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, change);
      return work();
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, before);
    }
  }

  test('gives all that is needed, under the names of the vendor', async () => {
    const { fetch, seen } = noting();
    const waffo = withVariables(variables, () => Waffo.fromEnv({ fetch }));
    expect((await waffo.tokenization().remove({ tokenId: 't' })).isSuccess()).toBe(true);
    expect(seen[0]?.url).toBe('http://127.0.0.1:1/api/v1/tokenization/remove');
  });

  test.each(['WAFFO_API_KEY', 'WAFFO_PRIVATE_KEY', 'WAFFO_PUBLIC_KEY', 'WAFFO_ENVIRONMENT', 'WAFFO_MERCHANT_ID'])(
    'without %s is told so',
    (name) => {
      const error = withVariables({ ...variables, [name]: '' }, () => caught(() => Waffo.fromEnv()));
      expect(error).toMatchObject({ code: 'S0006', message: expect.stringContaining(`${name} is not set`) });
    },
  );

  test('may lack what is given as an option', () => {
    const { WAFFO_API_KEY: apiKey, ...others } = variables;
    expect(withVariables(others, () => Waffo.fromEnv({ apiKey }))).toBeInstanceOf(Waffo);
  });

  test('is read by fromEnv only', () => {
    expect(withVariables(variables, () => caught(() => new Waffo({} as WaffoOptions)))).toBeInstanceOf(WaffoError);
  });
});

test('the version that is sent is the one of package.json', () => {
  const { version: published } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(version).toBe(published);
});
