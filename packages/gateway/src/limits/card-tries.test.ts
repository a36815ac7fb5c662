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

async function watch(start = '2026-11-23T12:00:00.000Z') {
  const clock = new VirtualClock(new Date(start));
  const database = await freshDatabase();
  const log = createLog({ level: 'error', write: () => {} });
  return { clock, tries: watchCardTries({ database, keyring, clock, log }), database };
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
