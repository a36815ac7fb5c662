/**
 * V8 finds a property by its object's shape, and optimises code for the shapes that it saw. An object with a shape of its own makes
 * it look the property up by name, and the shape is garbage that only the collections that stop everything find
 * (docs/decisions/0034).
 */
import { execFileSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { expect, test } from 'vitest';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { orderBody } from '../kit/order-body.ts';
import { patientCaller } from '../kit/patience.ts';
import { startReceiver } from '../kit/receiver.ts';
import { testCard } from '../kit/test-card.ts';
import { throwawayFolder } from '../kit/throwaway-folder.ts';

/** What begins takes its time to settle. */
const warmUps = 10;
const rounds = 60;
const withinMs = 60_000;

/** V8 writes down each shape that it makes, and where. Its own words for a shape are "hidden class" and "map". */
const telling = (log: string) => [
  '--log-maps',
  '--no-log-maps-details',
  '--no-logfile-per-isolate',
  `--logfile=${log}`,
];

/**
 * Shapes that were made in most rounds: the property that made them, and its place in the built code.
 *
 * @param log - of these rounds
 */
function madeAgainAndAgain(log: string): string[] {
  const times = new Map<string, number>();
  for (const line of log.split('\n')) {
    const [event, kind, , , , , row, column, , property] = line.split(',');
    // Node marks the signals of its own timeouts with symbols.
    if (event !== 'map' || kind !== 'Transition' || property?.startsWith('symbol(')) continue;
    const place = `${property} at ${row}:${column}`;
    times.set(place, (times.get(place) ?? 0) + 1);
  }
  return [...times].filter(([, count]) => count >= rounds / 2).map(([place, count]) => `${place}, ${count} times`);
}

test('no payment, binding or inquiry burdens the gateway with objects of a shape of their own', async () => {
  const home = await throwawayFolder('waffo-shapes-');
  const log = join(home.path, 'v8.log');
  const keys: Parameters<typeof startReceiver>[0] = {};
  const receiver = await startReceiver(keys);
  let gateway: ChildGateway | undefined;
  try {
    gateway = await startChildGateway(home.path, {}, { flags: telling(log) });
    const as = gateway.sandbox;
    const { merchantId } = as;
    keys.privateKey = parsePrivateKey(as.merchantPrivateKey);
    const call = patientCaller(as, Date.now() + withinMs);
    const merchantInfo = { merchantId };
    const told = { tokenType: 'CARD', notifyUrl: receiver.url, merchantInfo };
    const bindAndPay = async (id: string) => {
      const opened = await call('/tokenization/generate', { ...told, tokenRequestId: id, merchantUserId: id });
      const { tokenSessionId } = opened?.data ?? {};
      await call('/tokenization/submit', { tokenSessionId, encryptedCard: await seal(tokenSessionId, testCard) });
      const found = await call('/tokenization/inquiry', { merchantInfo, tokenRequestId: id });
      const order = { merchantId, paymentRequestId: id, notifyUrl: receiver.url };
      const made = await call('/order/create', orderBody(order, { tokenId: found?.data[0].tokenId }));
      return made?.data?.orderStatus === 'PAY_SUCCESS';
    };
    for (let round = 0; round < warmUps; round++) await bindAndPay(`warm_${round}`);
    const from = (await stat(log)).size;
    let paid = 0;
    for (let round = 0; round < rounds; round++) if (await bindAndPay(`shape_${round}`)) paid += 1;
    await gateway.stop();
    expect(paid).toBe(rounds);
    expect(madeAgainAndAgain((await readFile(log)).subarray(from).toString())).toEqual([]);
  } finally {
    await gateway?.stop();
    await receiver.stop();
    await home.remove();
  }
});

test('a shape that is made again and again is seen, or this would prove nothing', async () => {
  const home = await throwawayFolder('waffo-shapes-');
  const log = join(home.path, 'v8.log');
  const each = 'class Own { constructor() { this.own = 1; this.other = 2; } } new Own();';
  try {
    execFileSync(process.execPath, [...telling(log), '-e', `for (let i = 0; i < ${rounds}; i++) { ${each} }`]);
    const places = madeAgainAndAgain(await readFile(log, 'utf8'));
    expect(places.map((place) => place.split(' ')[0])).toEqual(expect.arrayContaining(['own', 'other']));
  } finally {
    await home.remove();
  }
});
