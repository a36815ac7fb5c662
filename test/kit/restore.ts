/**
 * A gateway is lost with its machine, and comes back from a dump and the copy of its key file. The dump is made while payments
 * go on, as an operator makes it: with `pg_dump`, by the gateway's own role. Then everything is counted.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { startChildGateway } from './child-gateway.ts';
import { runCommand } from './command.ts';
import { otherDatabase } from './database-url.ts';
import { startDebianPostgres } from './debian-postgres.ts';
import { faultsOfLedger } from './ledger.ts';
import { startReceiver } from './receiver.ts';
import { testCard } from './test-card.ts';
import { throwawayFolder } from './throwaway-folder.ts';

export interface RestoreFigures {
  readonly cards: number;
  readonly dumpBytes: number;
  readonly dumpMs: number;
  readonly restoreMs: number;
  /** From the start of the new process until it is ready. */
  readonly readyMs: number;
  /** Tokens that could be paid with. */
  readonly paid: number;
  /** Notifications that were due in the dump, and those of them that arrived afterwards. */
  readonly due: number;
  readonly delivered: number;
  /** Orders answered before the dump began, and those that are answered the same when asked for again. */
  readonly before: number;
  readonly same: number;
  /** Orders answered after the dump began, and those of them that are in it. */
  readonly after: number;
  readonly afterKept: number;
  /** What `waffo audit verify`, `waffo key verify` and the ledger complain of. */
  readonly complaints: readonly string[];
}

const run = promisify(execFile);
/** The gateway's role sees all merchants only when it says so. */
const asWhole = { ...process.env, PGOPTIONS: '-c waffo.merchant_id=*' };

/** @param options.say - told of each step */
export async function rehearseRestore(options: {
  readonly cards: number;
  readonly say?: (line: string) => void;
}): Promise<RestoreFigures> {
  const { cards, say = () => {} } = options;
  const folder = await throwawayFolder('waffo-restore-');
  const server = await startDebianPostgres();
  const keys: Parameters<typeof startReceiver>[0] = {};
  const receiver = await startReceiver(keys);
  const bin = `/usr/lib/postgresql/${server.version}/bin`;
  const [live, restored] = ['live', 'restored'].map((name) => otherDatabase(server.url, name)) as [string, string];
  const [home, newHome] = [join(folder.path, 'lost'), join(folder.path, 'new')];
  const dumpFile = join(folder.path, 'waffo.dump');
  const children: { stop(): Promise<void> }[] = [];
  try {
    await onServer(server.url, 'create database live');
    const old = await startChildGateway(home, { WAFFO_DATABASE_URL: live, WAFFO_ROLE: 'api' });
    children.push(old);
    keys.privateKey = parsePrivateKey(old.sandbox.merchantPrivateKey);
    const shop = shopOf(old.sandbox, old.url, receiver.url);
    const tokens: string[] = [];
    for (let at = 0; at < cards; at++) tokens.push(await shop.bind(at));
    const before = new Map<string, string>();
    for (const [at, token] of tokens.entries()) if (at % 2 === 0) before.set(`b${at}`, await shop.pay(`b${at}`, token));
    say(`${cards} cards bound, ${before.size} orders paid; no worker runs, so that notifications are due`);
    const anchors = join(folder.path, 'anchors.txt');
    await writeFile(anchors, (await waffo(home, live, 'audit', 'anchor')).output);

    const load = payOn(shop, tokens);
    const dumpMs = await timeOf(() =>
      run(
        `${bin}/pg_dump`,
        ['--format=custom', '--enable-row-security', '--no-unlogged-table-data', `--file=${dumpFile}`, live],
        { env: asWhole },
      ),
    );
    const after = await load.end();
    await old.stop();
    await onServer(server.url, 'drop database live');
    say(`dumped while ${after.length} orders were paid; the gateway and its database are gone`);

    await mkdir(newHome, { mode: 0o700 });
    // What was kept elsewhere: the key file. The sandbox's file stands for what its merchants know: their keys.
    for (const name of ['kek', 'sandbox.json']) await cp(join(home, name), join(newHome, name));
    await onServer(server.url, 'create database restored');
    const restoreMs = await timeOf(() =>
      run(
        `${bin}/pg_restore`,
        ['--no-owner', '--exit-on-error', '--single-transaction', `--dbname=${restored}`, dumpFile],
        { env: asWhole },
      ),
    );
    const database = await openDatabase({ url: restored, poolSize: 2 });
    children.push({ stop: () => database.close() });
    const due = await idsOf(
      database.rows({ name: 'test/due', text: `select event_id::text as id from outbox where status = 'PENDING'` }),
    );
    const kept = new Set(
      await idsOf(database.rows({ name: 'test/kept', text: 'select payment_request_id as id from payment_order' })),
    );

    const since = performance.now();
    const renewed = await startChildGateway(newHome, { WAFFO_DATABASE_URL: restored });
    children.push(renewed);
    const readyMs = performance.now() - since;
    const newShop = shopOf(renewed.sandbox, renewed.url, receiver.url);
    let paid = 0;
    for (const [at, token] of tokens.entries())
      paid += (await newShop.pay(`a${at}`, token).catch(() => undefined)) ? 1 : 0;
    let same = 0;
    for (const [id, order] of before)
      same += (await newShop.pay(id, tokens[Number(id.slice(1))] ?? '')) === order ? 1 : 0;
    const arrived = () => new Set(receiver.received.map(({ headers }) => String(headers['webhook-id'])));
    const missing = () => due.filter((id) => !arrived().has(id)).length;
    for (let tries = 0; missing() > 0 && tries < 600; tries++) await sleep(100);

    const complaints = [
      ...(await complaintsOf(newHome, restored, 'audit', 'verify', '--anchors', anchors)),
      ...(await complaintsOf(newHome, restored, 'key', 'verify')),
      ...(await faultsOfLedger(database)),
    ];
    const { size: dumpBytes } = await stat(dumpFile);
    const afterKept = after.filter((id) => kept.has(id)).length;
    return {
      cards,
      dumpBytes,
      dumpMs,
      restoreMs,
      readyMs,
      paid,
      due: due.length,
      delivered: due.length - missing(),
      before: before.size,
      same,
      after: after.length,
      afterKept,
      complaints,
    };
  } finally {
    for (const child of children.reverse()) await child.stop();
    await receiver.stop();
    await server.stop();
    await folder.remove();
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

async function onServer(url: string, text: string): Promise<void> {
  const database = await openDatabase({ url, poolSize: 1 });
  await database.rows({ name: 'test/on-server', text }).finally(() => database.close());
}

const idsOf = async (rows: Promise<unknown[]>): Promise<string[]> =>
  ((await rows) as { id: string }[]).map(({ id }) => id);

const waffo = (home: string, url: string, ...words: string[]) =>
  runCommand(home, words, { settings: { WAFFO_DATABASE_URL: url, WAFFO_LOG_LEVEL: 'error' } });

async function complaintsOf(home: string, url: string, ...words: string[]): Promise<string[]> {
  const { code, output, errors } = await waffo(home, url, ...words);
  return code === 0 ? [] : [`waffo ${words.slice(0, 2).join(' ')}: ${output}${errors}`];
}

interface Shop {
  /** @returns the token */
  bind(number: number): Promise<string>;
  /** @returns the acquiring order's id */
  pay(paymentRequestId: string, tokenId: string): Promise<string>;
}

function shopOf(as: SandboxMerchant, url: string, notifyUrl: string): Shop {
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  // biome-ignore lint/suspicious/noExplicitAny: answers of several operations
  async function call(path: string, fields: object, isBrowser = false): Promise<any> {
    const merchantInfo = { merchantId: as.merchantId };
    const body = JSON.stringify(isBrowser ? fields : { merchantInfo, ...fields });
    const headers = {
      'content-type': 'application/json',
      'x-api-key': isBrowser ? as.clientApiKey : as.apiKey,
      ...(!isBrowser && { 'x-signature': await sign(Buffer.from(body), privateKey) }),
    };
    const response = await fetch(`${url}/api/v1${path}`, { method: 'POST', body, headers });
    const answer = (await response.json()) as { code: string; msg: string; data: unknown };
    if (answer.code !== '0') throw new Error(`${path}: ${answer.code} ${answer.msg}`);
    return answer.data;
  }
  return {
    async bind(number) {
      const tokenRequestId = `treq_${number}`;
      const opened = { tokenRequestId, merchantUserId: `user_${number}`, tokenType: 'CARD', notifyUrl };
      const { tokenSessionId } = await call('/tokenization/generate', opened);
      await call('/tokenization/submit', { tokenSessionId, encryptedCard: await seal(tokenSessionId, testCard) }, true);
      return (await call('/tokenization/inquiry', { tokenRequestId }))[0].tokenId;
    },
    async pay(paymentRequestId, tokenId) {
      const order = await call('/order/create', {
        paymentRequestId,
        merchantOrderId: paymentRequestId,
        orderCurrency: 'HKD',
        orderAmount: '100.00',
        orderDescription: 'Three teapots',
        orderRequestedAt: '2026-11-23T12:00:00.000Z',
        userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
        paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
        tokenId,
        notifyUrl,
      });
      if (order.orderStatus !== 'PAY_SUCCESS') throw new Error(`${paymentRequestId} is ${order.orderStatus}`);
      return order.acquiringOrderId;
    },
  };
}

/** Pays one order after the other. @returns ends it and answers which were paid */
function payOn(shop: Shop, tokens: readonly string[]) {
  const paid: string[] = [];
  let isEnding = false;
  const running = (async () => {
    for (let at = 0; !isEnding; at++) {
      await shop.pay(`d${at}`, tokens[at % tokens.length] ?? '');
      paid.push(`d${at}`);
    }
  })();
  running.catch(() => {});
  return {
    async end(): Promise<string[]> {
      isEnding = true;
      await running;
      return paid;
    },
  };
}
