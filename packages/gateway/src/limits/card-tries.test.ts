import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runAttack } from '../../../../test/kit/card-testing.ts';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { VirtualClock } from '../clock.ts';
import { createLog } from '../observe/log.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import type { Keyring } from '../vault/keyring.ts';
import { watchCardTries } from './card-tries.ts';

const keyring = {
  dataKey: async () => ({ keyId: '', key: createSecretKey(Buffer.alloc(32, 7)) }),
} as unknown as Keyring;

async function watch(start = '2026-11-23T12:00:00.000Z', holdOnAlarm = false) {
  const clock = new VirtualClock(new Date(start));
  const database = await freshDatabase();
  const lines: string[] = [];
  const log = createLog({ level: 'warn', write: (line) => lines.push(line) });
  return { clock, tries: watchCardTries({ database, keyring, clock, log, holdOnAlarm }), database, lines };
}

const minute = 60_000;
const wait = (clock: VirtualClock, ms: number) => clock.moveTo(new Date(clock.now().getTime() + ms));
const cardOf = (pan: string) =>
  CardBuffer.fromText({ pan, expiry: { month: 12, year: 2030 }, cvv: undefined, name: '' });

describe('card testing', () => {
  // P-11 at the size of CI; scripts/prove-card-testing.ts runs it at full size.
  test('with 5,000 cards among 1,000 shoppers: 99 of 100 never reach an issuer, and nobody else is refused', async () => {
    const toll = await runAttack(await watch(), 5_000);
    expect(toll.reached).toBeGreaterThan(0);
    expect(toll.reached).toBeLessThanOrEqual(toll.attempts / 100);
    expect(toll.refused).toBe(0);
  }, 120_000);

  test('by hand, four cards a minute from another address each, meets the limit of the BIN', async () => {
    const { clock, tries } = await watch();
    let asked = 0;
    for (let number = 0; number < 200; number++) {
      wait(clock, 15_000);
      const card = cardOf(`457675000${String(number).padStart(7, '0')}`);
      const network = `198.51.100.${number}`;
      await tries.admit(network);
      const { judgement } = await tries.judge({ merchantId: 'M1', merchantUserId: `u${number}`, card, network });
      if (judgement === 'proceed') asked += 1;
      card.dispose();
    }
    expect(asked).toBe(25);
  });

  test('a count goes on over the change of the weekly key, and is over after a day', async () => {
    // Weeks of the clock begin on Thursdays at midnight.
    const { clock, tries } = await watch('2026-11-25T23:00:00.000Z');
    const card = cardOf('4576750000000220');
    const tried = { merchantId: 'M1', merchantUserId: '', card, network: undefined };
    const judgements: string[] = [];
    for (let number = 0; number < 6; number++) {
      judgements.push((await tries.judge({ ...tried, merchantUserId: `u${number}` })).judgement);
      wait(clock, 20 * minute);
    }
    expect(judgements).toEqual([...Array(5).fill('proceed'), 'decline']);
    wait(clock, 24 * 60 * minute);
    expect((await tries.judge(tried)).judgement).toBe('proceed');
  });
});

/** A merchant with a quiet week behind him, of whose cards one in fifty was declined, and then an hour like no other. */
async function afterQuietWeek(holdOnAlarm: boolean) {
  const watched = await watch('2026-11-16T12:00:00.000Z', holdOnAlarm);
  const { clock, tries, lines } = watched;
  let number = 0;
  const shopper = async (merchantId: string, isGood: boolean) => {
    number += 1;
    const card = cardOf(`4${String(number).padStart(15, '0')}`);
    // No two of one BIN within ten minutes: no other rule has anything to say.
    card.pan.write(String(400_000 + (number % 900)));
    const { judgement, approved } = await tries.judge({
      merchantId,
      merchantUserId: `u${number}`,
      card,
      network: undefined,
    });
    if (isGood) await approved();
    card.dispose();
    return judgement;
  };
  for (let hour = 0; hour < 6 * 24; hour++) {
    wait(clock, 60 * minute);
    await shopper('M1', hour % 50 !== 0);
  }
  wait(clock, 60 * minute);
  const alarms = () => lines.filter((line) => line.includes('far more declined cards')).length;
  return { ...watched, shopper, alarms };
}

describe('a merchant whose cards are declined unlike in the week before', () => {
  test('is told of once, and again when it lasts for more than an hour', async () => {
    const { clock, shopper, alarms } = await afterQuietWeek(false);
    for (let number = 0; number < 99; number++) await shopper('M1', number % 5 !== 0);
    expect(alarms(), 'too few tries say nothing').toBe(0);
    for (let number = 0; number < 60; number++) expect(await shopper('M1', number % 5 !== 0)).toBe('proceed');
    expect(alarms()).toBe(1);
    wait(clock, 61 * minute);
    for (let number = 0; number < 110; number++) await shopper('M1', number % 2 !== 0);
    expect(alarms()).toBe(2);
  });

  test('is held to 3-D Secure when the operator wants it so, and others are not', async () => {
    const { clock, shopper } = await afterQuietWeek(true);
    for (let number = 0; number < 120; number++) await shopper('M1', number % 5 !== 0);
    expect(await shopper('M1', true)).toBe('challenge');
    expect(await shopper('M2', true)).toBe('proceed');
    wait(clock, 2 * 60 * minute);
    expect(await shopper('M1', true)).toBe('proceed');
  });

  test('is left alone when it was never otherwise', async () => {
    const { shopper, alarms } = await afterQuietWeek(false);
    for (let number = 0; number < 200; number++) await shopper('M1', number % 25 !== 0);
    expect(alarms()).toBe(0);
  });
});
