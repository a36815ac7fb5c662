/** What an unauthenticated flood may cost, counted and not measured: private-key operations and look-ups (design T-31). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDoor, type TestDoor } from '../../../../test/kit/door.ts';
import { countSignatures } from '../../../../test/kit/private-key-operations.ts';
import type { VirtualClock } from '../clock.ts';
import { newApiKey, newClientKey } from '../id.ts';
import type { Database } from '../storage/database.ts';

const signed = countSignatures();
let statements = 0;
let door: TestDoor;
beforeAll(async () => {
  door = await openDoor();
  const { database } = door.gateway;
  const rows: Database['rows'] = (...given) => {
    statements += 1;
    return database.rows(...given);
  };
  Object.assign(door.gateway, { database: { ...database, rows } });
  await door.call({ text: 'a' });
});
afterAll(() => door.close());
beforeEach(() => {
  statements = 0;
});

const aSecondLater = () => {
  const clock = door.gateway.clock as VirtualClock;
  clock.moveTo(new Date(clock.now().getTime() + 1_000));
};
const flood = 300;
const json = { 'content-type': 'application/json' };
const echo = '/api/v1/order/echo';

async function answersOf(request: (index: number) => ReturnType<TestDoor['send']>) {
  const kinds = new Map<string, number>();
  for (let index = 0; index < flood; index++) {
    const { status, signedFor, raw } = await request(index);
    expect(signedFor, raw).toBeDefined();
    kinds.set(`${status} ${signedFor}`, (kinds.get(`${status} ${signedFor}`) ?? 0) + 1);
  }
  return Object.fromEntries(kinds);
}

describe('a flood', () => {
  test.each<[string, (index: number) => ReturnType<TestDoor['send']>, object]>([
    ['without keys', (i) => door.send(echo, `{"n":${i}}`, json), { '401 system': flood }],
    [
      'of what is no key',
      (i) => door.send(echo, '{}', { ...json, 'x-api-key': `wk_test_${i}` }),
      { '401 system': flood },
    ],
    ['to paths that are not there', (i) => door.send(`/api/v1/order/${i}`, '{}', json), { '404 system': flood }],
    ['of another type', (i) => door.send(echo, `${i}`, { 'content-type': `text/${i}` }), { '400 system': flood }],
    [
      'of compressed bodies',
      (i) => door.send(echo, `${i}`, { ...json, 'content-encoding': 'gzip' }),
      { '400 system': flood },
    ],
  ])('%s costs a handful of signatures and not one look-up', async (_what, request, expected) => {
    expect(await answersOf(request)).toEqual(expected);
    expect(signed()).toBeLessThanOrEqual(2);
    expect(statements).toBe(0);
  });

  test("of wrong signatures under a real merchant's key costs one signature", async () => {
    const request = (index: number) =>
      door.send(echo, `{"n":${index}}`, { ...json, 'x-api-key': door.alice.apiKey, 'x-signature': 'AAAA' });
    expect(await answersOf(request)).toEqual({ '401 alice': flood });
    expect(signed()).toBe(1);
  });

  test('of made-up keys gets 200 look-ups a second, and a merchant that is known is served among them', async () => {
    aSecondLater();
    const request = (index: number) =>
      door.send(echo, '{}', { ...json, 'x-api-key': index % 50 === 0 ? newClientKey('test') : newApiKey('test') });
    expect(await answersOf(request)).toEqual({ '401 system': 206, '429 system': 94 });
    expect(statements).toBeLessThanOrEqual(200);
    expect(signed()).toBeLessThanOrEqual(2);
    expect((await door.call({ text: 'a' })).status).toBe(200);
    expect((await door.call({ text: 'b' }, door.bob)).status).toBe(429);
  });

  test('leaves room for a newcomer after a moment', async () => {
    aSecondLater();
    expect((await door.call({ text: 'b' }, door.bob)).status).toBe(200);
  });
});
