/**
 * A stolen disk, a copied log, a core dump: a gateway of its own binds, challenges, refuses, charges and erases cards on
 * its embedded PostgreSQL, which is set to write down all it can. Then everything that is left is searched.
 */
import { appendFile, chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CardInput } from '@waffo/protocol/envelope/record';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { type Embedded, startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { type Binaries, findBinaries } from '../../packages/gateway/src/storage/embedded-binaries.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { dump, lineOf, type Sentinel, scanFolder, scannerFor } from '../kit/leak-scan.ts';
import { familyOf, memoryOf } from '../kit/process-memory.ts';
import { type Receiver, startReceiver } from '../kit/receiver.ts';
import { newShopper } from '../kit/shopper.ts';
import { type ThrowawayFolder, throwawayFolder } from '../kit/throwaway-folder.ts';

/** Worse than any operator would set it. */
const talkative = `
log_statement = all
log_min_duration_statement = 0
log_min_messages = debug1
log_min_error_statement = error
log_error_verbosity = verbose
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
`;

const code = '314159';
const cardsOnEachRoad = 8;
/** Numbers that occur nowhere by accident, with a code and an expiry each. */
const numbered = (from: number): Required<Sentinel>[] =>
  Array.from({ length: cardsOnEachRoad }, (_, i) => ({
    pan: withCheckDigit(`4929${from + i * 97_711}`),
    expiry: `${String(1 + (i % 12)).padStart(2, '0')}/${2031 + i}`,
    cvv: String(731 + i),
  }));
const throughTheBrowser = numbered(73_519_264_801);
const bare = numbered(86_120_975_344);
/** The published card of the challenge is in our source, so of it only the code can be told. */
const challenged = { pan: '4000000000001000', expiry: '09/2047', cvv: '864' };
const sentinels = [...throughTheBrowser, ...bare, { ...challenged, pan: withCheckDigit('492965718934207') }];
const scanner = scannerFor(sentinels);

let home: ThrowawayFolder;
let dataFolder = '';
let binaries: Binaries;
let server: Embedded;
let child: ChildGateway;
let receiver: Receiver;
const answers: string[] = [];
let memory: { leaks: string[]; controls: number; bytes: number };

beforeAll(async () => {
  home = await throwawayFolder('waffo-leaks-');
  dataFolder = join(home.path, 'database');
  binaries = await listening(await findBinaries(`${dataFolder}-libraries`));
  await (await startEmbedded({ dataFolder, binaries })).stop();
  await appendFile(join(dataFolder, 'postgresql.auto.conf'), talkative);
  server = await startEmbedded({ dataFolder, binaries });
  const settings = { WAFFO_LOG_LEVEL: 'debug', WAFFO_SANDBOX_CODE: code, WAFFO_DATABASE_URL: server.url };
  child = await startChildGateway(home.path, settings);
  receiver = await startReceiver({ privateKey: parsePrivateKey(child.sandbox.merchantPrivateKey) });
  await browserStory();
  await sleep(5_000);
  memory = await searchMemory();
  await bareStory();
  await sleep(1_000);
  await child.stop();
  await server.stop();
}, 120_000);

afterAll(async () => {
  await child?.stop();
  await server?.stop();
  await receiver?.stop();
  await home?.remove();
});

test('the story was told: cards were bound, charged, challenged, refused and erased', () => {
  const statuses = receiver.received.map(({ event }) => event.result?.tokenStatus ?? event.result?.orderStatus);
  for (const status of ['UNVERIFIED', 'VERIFIED', 'REMOVED', 'PAY_SUCCESS']) expect(statuses).toContain(status);
  expect(answers.join()).toMatch(/CARD|expir/);
});

describe('five seconds after cards were bound in the browser', () => {
  test('the memory of the gateway and its database holds no number and no code', () => {
    expect(memory.controls).toBeGreaterThan(0);
    expect(memory.bytes).toBeGreaterThan(50_000_000);
    expect(memory.leaks).toEqual([]);
  });
});

describe('once the gateway has stopped', () => {
  test('no answer, no webhook and no line of a debug log holds a card', () => {
    const webhooks = receiver.received.map(({ body, headers }) => `${JSON.stringify(headers)}${body}`);
    for (const sink of [answers.join('\n'), webhooks.join('\n'), child.output()]) {
      expect(sink.length).toBeGreaterThan(5_000);
      expect(scanner.find(sink).map(lineOf)).toEqual([]);
    }
  });

  test('the log of PostgreSQL, with every statement and every parameter, holds none', async () => {
    const log = await databaseLog();
    expect(log).toMatch(/insert into vault_card/);
    expect(log).toMatch(/new row for relation "vault_card" violates check constraint/);
    expect(log).toMatch(/DETAIL: {2}[Pp]arameters: \$1/);
    expect(scanner.find(log).map(lineOf)).toEqual([]);
  });

  test('a file of the data folder, the write-ahead log among them, holds none', async () => {
    expect(await readdir(join(dataFolder, 'pg_wal'))).not.toEqual([]);
    const { leaks, bytes } = await scanFolder(scanner, home.path);
    expect(bytes).toBeGreaterThan(30_000_000);
    expect(leaks).toEqual([]);
  });

  test('a dump of the database holds none, and one planted card is found in the dump, the files, the WAL and the log', async () => {
    const [planted] = throughTheBrowser as [Required<Sentinel>];
    server = await startEmbedded({ dataFolder, binaries });
    const database = await openDatabase({ url: server.url, poolSize: 1 });
    try {
      expect(scanner.find(await dump(database.rows)).map(lineOf)).toEqual([]);
      const text = `create table planted as select '${planted.pan}'::text as number`;
      await database.rows({ name: 'test/plant', text });
      expect(scanner.find(await dump(database.rows)).map(({ pan }) => pan)).toEqual([planted.pan]);
    } finally {
      await database.close();
      await server.stop();
    }
    const { leaks } = await scanFolder(scanner, home.path);
    for (const place of ['database/base/', 'database/pg_wal/', 'database.log']) {
      expect(leaks.filter((leak) => leak.startsWith(place))).not.toEqual([]);
    }
  });
});

/** On the SDK's road: sealed in the browser, opened in the vault. */
async function browserStory(): Promise<void> {
  for (const [i, card] of throughTheBrowser.entries()) {
    const tokenRequestId = `treq_browser_${i}`;
    const sessionId = await openSession(tokenRequestId);
    await submit(sessionId, { ...card, ...(i % 4 === 1 && { expiry: '12/2025' }), name: 'Ada Lovelace' });
    const [token] = (await call('/tokenization/inquiry', { tokenRequestId })).data;
    if (token === undefined) continue;
    await call('/order/create', order(`pay_browser_${i}`, token.tokenId, i % 3 === 0 ? '92.00' : '100.00'));
    if (i % 4 === 2) await call('/tokenization/remove', { tokenId: token.tokenId });
  }
  const opened = await openSession('treq_challenged');
  const { data } = await submit(opened, { ...challenged, name: 'Ada Lovelace' });
  const shopper = newShopper();
  const page = await shopper.visit(data.validateUrl);
  const address = data.validateUrl.slice(0, data.validateUrl.lastIndexOf('/'));
  const ended = await shopper.post(address, { challengeDataEntry: code, action: 'submit' });
  answers.push(page.text, ended.text);
  await refusedByTheDatabase(throughTheBrowser[0] as CardInput);
}

/** An insert that fails makes PostgreSQL print the statement, its parameters and the row. */
async function refusedByTheDatabase(card: CardInput): Promise<void> {
  const database = await openDatabase({ url: server.url, poolSize: 1 });
  const run = (text: string) => database.rows({ name: text.slice(0, 40), text });
  try {
    await run('alter table vault_card add constraint full_up check (false) not valid');
    const sessionId = await openSession('treq_refused');
    await submit(sessionId, { ...card, name: 'Ada Lovelace' });
    await run('alter table vault_card drop constraint full_up');
  } finally {
    await database.close();
  }
}

/** On the road of PCI-certified merchants: in the clear, inside a signed body. */
async function bareStory(): Promise<void> {
  for (const [i, { pan, expiry, cvv }] of bare.entries()) {
    const tokenData = { pan, expiry: i % 4 === 1 ? '12/2025' : expiry, cvv, name: 'Ada Lovelace' };
    const body = {
      tokenRequestId: `treq_bare_${i}`,
      merchantUserId: `bare_${i}`,
      tokenType: 'CARD',
      notifyUrl: receiver.url,
    };
    await call('/tokenization/generate', { ...body, tokenData }, child.sandbox.pci);
    await call(
      '/tokenization/generate',
      { ...body, tokenRequestId: pan, tokenType: cvv, pan, tokenData: pan },
      child.sandbox.pci,
    );
  }
}

/** The published test cards are in our source: that they are found shows that the search reads what it should. */
async function searchMemory(): Promise<typeof memory> {
  const control = '4111111111111111';
  const withControl = scannerFor([...sentinels, { pan: control }]);
  const found = { leaks: [] as string[], controls: 0, bytes: 0 };
  const processes = [child.process.pid, server.pid()].map((pid) => familyOf(pid as number));
  for (const pid of (await Promise.all(processes)).flat()) {
    const pieces = counted(memoryOf(pid), (length) => {
      found.bytes += length;
    });
    for (const leak of await withControl.findIn(pieces)) {
      if (leak.pan === control) found.controls += 1;
      else found.leaks.push(`process ${pid}: ${lineOf(leak)}`);
    }
  }
  return found;
}

async function* counted(pieces: AsyncIterable<Buffer>, count: (length: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

const databaseLog = () => readFile(join(home.path, 'database.log'), 'utf8');

/** The same server, whose log is also written to a file. */
async function listening(of: Binaries): Promise<Binaries> {
  const postgres = join(home.path, 'postgres-and-log');
  const log = join(home.path, 'database.log');
  await writeFile(log, '');
  await chmod(log, 0o666);
  await writeFile(postgres, `#!/bin/bash\nexec '${of.postgres}' "$@" 2> >(exec tee -a '${log}' >&2)\n`, {
    mode: 0o755,
  });
  return { ...of, postgres };
}

async function openSession(tokenRequestId: string): Promise<string> {
  const body = { tokenRequestId, merchantUserId: tokenRequestId, tokenType: 'CARD', notifyUrl: receiver.url };
  return (await call('/tokenization/generate', body)).data.tokenSessionId;
}

async function submit(tokenSessionId: string, card: CardInput) {
  const encryptedCard = await seal(tokenSessionId, card);
  const { baseUrl, clientApiKey } = child.sandbox;
  return post(`${baseUrl}/tokenization/submit`, JSON.stringify({ tokenSessionId, encryptedCard }), clientApiKey);
}

async function call(path: string, fields: object, as: SandboxMerchant = child.sandbox) {
  const body = JSON.stringify({ merchantInfo: { merchantId: as.merchantId }, ...fields });
  const signature = await sign(Buffer.from(body), parsePrivateKey(as.merchantPrivateKey));
  return post(`${as.baseUrl}${path}`, body, as.apiKey, signature);
}

// biome-ignore lint/suspicious/noExplicitAny: answers of several operations
async function post(url: string, body: string, apiKey: string, signature = ''): Promise<any> {
  const headers = { 'content-type': 'application/json', 'x-api-key': apiKey, 'x-signature': signature };
  const response = await fetch(url, { method: 'POST', body, headers });
  const text = await response.text();
  answers.push(JSON.stringify([...response.headers]), text);
  return JSON.parse(text);
}

const order = (paymentRequestId: string, tokenId: string, orderAmount: string) => ({
  paymentRequestId,
  merchantOrderId: paymentRequestId,
  orderCurrency: 'HKD',
  orderAmount,
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  tokenId,
  notifyUrl: receiver.url,
});

function withCheckDigit(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}
