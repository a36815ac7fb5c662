/** The operator's guide to merchants, walked with the real commands beside a running gateway. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { runCommand } from '../kit/command.ts';

const root = new URL('../../', import.meta.url).pathname;
let home = '';
let gateway: ChildGateway;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'waffo-commands-'));
  gateway = await startChildGateway(home);
});
afterAll(async () => {
  await gateway?.stop();
  await rm(home, { recursive: true, force: true });
});

const pem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'spki' }));
const printed = (output: string, label: string) => new RegExp(`^ *${label} +(\\S+)`, 'm').exec(output)?.[1] ?? '';

async function waffo(...words: string[]): Promise<string> {
  const { code, output, errors } = await runCommand(home, words);
  expect({ code, errors }, words.join(' ')).toEqual({ code: 0, errors: '' });
  return output;
}

async function request(apiKey: string, privateKey: KeyObject, sent?: string) {
  const body = JSON.stringify({ paymentRequestId: 'nobody_made_this' });
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'x-signature': await sign(Buffer.from(body), privateKey),
  };
  const url = `${gateway.sandbox.baseUrl}/order/inquiry`;
  const response = await fetch(url, { method: 'POST', headers, body: sent ?? body });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const file = `POST /api/v1/order/inquiry HTTP/1.1\n${lines.join('\n')}\n\n${sent ?? body}`;
  return { code: ((await response.json()) as { code: string }).code, file };
}

describe.sequential('an operator', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let merchantId = '';
  let apiKey = '';

  test('makes a merchant beside the running gateway, and proves its key', async () => {
    const made = await waffo('merchant', 'create', '--name', 'Teapots', '--origin', 'https://teapots.example');
    merchantId = printed(made, 'Merchant');
    apiKey = printed(made, 'API key');
    expect((await request(apiKey, privateKey)).code).toBe('A0002');
    await writeFile(join(home, 'public.pem'), pem(publicKey));
    const claimed = await waffo('merchant-key', 'claim', merchantId, join(home, 'public.pem'));
    const proof = await sign(Buffer.from(printed(claimed, 'Challenge')), privateKey);
    await writeFile(join(home, 'proof'), `${proof}\n`);
    await waffo('merchant-key', 'prove', merchantId, printed(claimed, 'Key'), join(home, 'proof'));
    expect((await request(apiKey, privateKey)).code).toBe('A0009');
  });

  test('sees it in the list and whole, without its secrets', async () => {
    expect(await waffo('merchant', 'list')).toMatch(new RegExp(`${merchantId} +ACTIVE +no +Teapots`));
    const shown = await waffo('merchant', 'show', merchantId);
    expect(shown).toContain('https://teapots.example');
    expect(shown).toMatch(/[0-9a-f]{32} +public key +active/);
    expect(shown).not.toContain(apiKey);
  });

  test('changes one setting and keeps the others', async () => {
    expect(await waffo('merchant', 'set', merchantId, '--pci', 'yes')).toMatch(/PCI +yes/);
    const changed = await waffo('merchant', 'set', merchantId, '--lenient-ack', 'yes');
    expect(changed).toMatch(/PCI +yes/);
    expect(changed).toMatch(/lenientAck +true/);
  });

  test('suspends it and lets it back, without a restart', async () => {
    await waffo('merchant', 'suspend', merchantId);
    expect((await request(apiKey, privateKey)).code).toBe('A0006');
    await waffo('merchant', 'resume', merchantId);
    expect((await request(apiKey, privateKey)).code).toBe('A0009');
  });

  test('finds in the access log what operators did to it, with their names', async () => {
    const log = await waffo('audit', 'list', '--limit', '100');
    for (const act of ['set', 'suspend', 'resume'])
      expect(log).toMatch(new RegExp(`operator:\\S+ +operator\\.act +merchant ${act} .*merchant/${merchantId}`));
    expect(log).toMatch(/operator\.act +merchant create$/m);
    expect(log).toMatch(new RegExp(`operator\\.act +merchant-key prove .*merchant/${merchantId}`));
  });

  test('is told of a merchant that there is not, and no chain of the access log begins for it', async () => {
    const { code, errors } = await runCommand(home, ['audit', 'list', 'M_TYPO']);
    expect([code, errors]).toEqual([1, 'waffo: there is no merchant M_TYPO; waffo merchant list names all\n']);
    expect(await waffo('audit', 'verify')).not.toContain('M_TYPO');
  });

  test('is not told that all is whole when the file of anchors holds none', async () => {
    await writeFile(join(home, 'wrong.txt'), 'hello');
    const { code, errors } = await runCommand(home, ['audit', 'verify', '--anchors', join(home, 'wrong.txt')]);
    expect([code, errors]).toEqual([1, expect.stringMatching(/wrong\.txt holds no anchor; name the lines/)]);
    await writeFile(join(home, 'anchors.txt'), await waffo('audit', 'anchor'));
    expect(await waffo('audit', 'verify', '--anchors', join(home, 'anchors.txt'))).toContain('whole');
  });

  test('revokes a leaked key by what leaked, the whole key', async () => {
    const leaked = printed(await waffo('merchant-key', 'issue', merchantId), 'API key');
    expect((await request(leaked, privateKey)).code).toBe('A0009');
    await waffo('merchant-key', 'revoke', merchantId, leaked);
    expect((await request(leaked, privateKey)).code).toBe('A0001');
  });

  test('reads one sentence when a value is none, and where the help is', async () => {
    const wrong = await runCommand(home, ['merchant', 'set', merchantId, '--renewal-attempts', '99']);
    expect([wrong.code, wrong.errors]).toEqual([1, expect.stringMatching(/^waffo: \S*renewalAttempts: [^\n{[]+\n$/)]);
    const { errors } = await runCommand(home, ['merchant', 'suspend']);
    expect(errors).toMatch(/missing required argument 'merchant'\n+\(run with --help for what there is\)/);
  });

  test('learns from the doctor why a request was refused, also from standard input', async () => {
    const { file, code } = await request(apiKey, privateKey, '{"paymentRequestId": "nobody_made_this"}');
    expect(code).toBe('A0002');
    const verdict = await runCommand(home, ['doctor', '-'], { input: file });
    expect(verdict.code).toBe(1);
    expect(verdict.output).toMatch(
      /✔ the key belongs to .* \(Teapots\)\n {2}✘ the signature is over this JSON written in another way: /,
    );
  });

  test.each([
    [['merchant', 'show', 'M_NOBODY'], /waffo: there is no merchant M_NOBODY/],
    [['clock', 'advance', 'M_SANDBOX_1', 'far'], /waffo: far: say how far/],
    [['nonsense'], /unknown command 'nonsense'/],
  ])('who errs is told in one sentence: waffo %j', async (words, sentence) => {
    const { code, errors } = await runCommand(home, words);
    expect(code).toBe(1);
    expect(errors).toMatch(sentence);
    expect(errors).not.toMatch(/\bat .*:\d+:\d+/);
  });

  test('lets a month pass for one merchant, and the running gateway does what falls due', async () => {
    const { merchantId: traveller, merchantPrivateKey, apiKey, baseUrl } = gateway.sandbox;
    const orderRequestedAt = new Date().toISOString();
    const body = JSON.stringify({
      ...{ merchantInfo: { merchantId: traveller }, paymentRequestId: 'travels', merchantOrderId: 'travels' },
      ...{ orderCurrency: 'HKD', orderAmount: '1.00', orderDescription: 'One teapot', orderRequestedAt },
      ...{ notifyUrl: 'http://127.0.0.1:1/', paymentInfo: { productName: 'ONE_TIME_PAYMENT' } },
      userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
    });
    const ask = async (path: string, sent: string) => {
      const signature = await sign(Buffer.from(sent), parsePrivateKey(merchantPrivateKey));
      const headers = { 'content-type': 'application/json', 'x-api-key': apiKey, 'x-signature': signature };
      const response = await fetch(`${baseUrl}${path}`, { method: 'POST', headers, body: sent });
      return ((await response.json()) as { data: { orderStatus: string } }).data.orderStatus;
    };
    expect(await ask('/order/create', body)).toBe('AUTHORIZATION_REQUIRED');
    const { code, output, errors } = await runCommand(home, ['clock', 'advance', traveller, '31d']);
    expect({ code, errors }).toMatchObject({ code: 0, errors: expect.stringMatching(/100 % .* minutes/) });
    expect(output).toMatch(/Clock +ahead/);
    expect(await ask('/order/inquiry', '{"paymentRequestId": "travels"}')).toBe('ORDER_CLOSE');
    expect(await waffo('clock', 'show', merchantId)).toMatch(/Clock +real/);
    const back = await runCommand(home, ['clock', 'freeze', traveller, orderRequestedAt]);
    expect(back).toMatchObject({ code: 1, errors: expect.stringContaining('it does not go back') });
  });

  test('finds the gateway untouched: a command that ends leaves its database running', async () => {
    expect((await request(apiKey, privateKey)).code).toBe('A0009');
  });
});

test('the first shop of the quickstart, as it stands there, binds a card and pays with it', async () => {
  const guide = await readFile(join(root, 'docs/guide/quickstart.md'), 'utf8');
  const script = /```js\n(.*?)```/s.exec(guide)?.[1] ?? '';
  await symlink(join(root, 'node_modules'), join(home, 'node_modules'));
  await writeFile(join(home, 'first.mjs'), script.replace('const port = 3000', `const port = ${await freePort()}`));
  const shop = spawn(process.execPath, [`--env-file=${home}/sandbox.env`, 'first.mjs'], { cwd: home });
  let said = '';
  for (const stream of [shop.stdout, shop.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
      if (said.includes('paid: ')) shop.kill();
    });
  }
  await once(shop, 'close');
  expect(said).toMatch(/^bound: UNVERIFIED tok_\S+\npaid: PAY_SUCCESS\n$/);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
