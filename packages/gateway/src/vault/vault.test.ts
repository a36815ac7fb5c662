import { createHash, createHmac } from 'node:crypto';
import type { Expiry } from '@waffo/protocol/card';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { dump, findLeaks } from '../../../../test/kit/leak-scan.ts';
import { VirtualClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { CardBuffer } from './card-buffer.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { keyIdOf, open, SealBroken } from './seal.ts';
import { CardMissing, eraseCard, sealCard, storeCard, withCard } from './vault.ts';

const pan = '4012888888881881';
const cvv = '738';
const expiry: Expiry = { month: 9, year: 2031 };
const start = new Date('2026-11-23T12:00:00.000Z');

let database: TestDatabase;
let keyring: Keyring;
let deps: { database: TestDatabase; keyring: Keyring; clock: VirtualClock };
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  await run('truncate merchant, vault_kek, access_chain cascade');
  const clock = new VirtualClock(start);
  const kek = newTestKek();
  keyring = await openKeyring({ database, kek, clock });
  deps = { database, keyring, clock };
  await run(`insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
    select m, m, 'ACTIVE', false, '{}', now() from unnest(array['M1', 'M2']) m`);
});

const run = <Row>(text: string, values: unknown[] = []) =>
  database.rows<Row>({ name: createHash('md5').update(text).digest('hex'), text }, values);
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const newCard = (number = pan, code: string | undefined = cvv, validity = expiry) =>
  CardBuffer.fromText({ pan: number, expiry: validity, cvv: code, name: 'ADA LOVELACE' });

/** Stores a card and tells its id. */
async function store(merchantId = 'M1', card = newCard()) {
  const sealed = await sealCard(deps, { merchantId, card });
  await database.transaction((tx) => storeCard(tx, sealed, start));
  card.dispose();
  return sealed;
}

const use = (cardId: string, merchantId = 'M1') => ({ merchantId, cardId, purpose: 'purchase', reference: 'att-1' });
const accesses = () =>
  run<{ card_id: string; purpose: string; reference: string; at: Date }>(
    'select merchant_id, card_id, purpose, reference, at from access_entry',
  );

describe('a stored card', () => {
  test('is lent as it was given, without its CVV', async () => {
    const { cardId } = await store();
    const seen = await withCard(deps, use(cardId), async (card) => ({
      pan: card.pan.toString(),
      cvv: card.cvv,
      expiry: { month: card.expiryMonth, year: card.expiryYear },
      name: card.name,
    }));
    expect(seen).toEqual({ pan, cvv: undefined, expiry, name: 'ADA LOVELACE' });
  });

  test('has no CVV even for whoever holds its key', async () => {
    const { cardId } = await store();
    const [row] = await run<{ sealed: Buffer }>('select sealed from vault_card');
    const key = await keyring.dataKeyById(database, 'M1', keyIdOf(row?.sealed ?? Buffer.alloc(0)));
    const record = open(key, { purpose: 'card', merchantId: 'M1', recordId: cardId }, row?.sealed ?? Buffer.alloc(0));
    expect(record.includes(pan)).toBe(true);
    expect(record.includes(cvv)).toBe(false);
    expect(new CardBuffer(record).cvv).toBeUndefined();
  });

  test("leaves the caller's card as it was, for the verification that follows", async () => {
    const card = newCard();
    await sealCard(deps, { merchantId: 'M1', card });
    expect([card.pan.toString(), card.cvv?.toString()]).toEqual([pan, cvv]);
  });

  test('leaves no digit of its number in a dump, in any spelling', async () => {
    const { cardId } = await store();
    await withCard(deps, use(cardId), async () => {});
    expect(findLeaks(await dump(database.rows), { pan, cvv })).toEqual([]);
    // The scan is worth something: it finds a number that somebody let slip.
    await withCard(deps, { ...use(cardId), reference: pan }, async () => {});
    expect(findLeaks(await dump(database.rows), { pan, cvv })).toEqual(['PAN, plain']);
  });

  test('looks different each time, also when the card is the same', async () => {
    const [first, second] = [await store(), await store()];
    expect(first.cardId).not.toBe(second.cardId);
    expect(first.sealed.subarray(17).equals(second.sealed.subarray(17))).toBe(false);
    expect(first.sealed).toHaveLength(second.sealed.length);
  });

  test('has one length, whatever the number and the name', async () => {
    const short = CardBuffer.fromText({ pan: '400000000002', expiry, cvv: undefined, name: '' });
    const long = CardBuffer.fromText({ pan: '4000000000000000006', expiry, cvv: '1234', name: 'X'.repeat(200) });
    expect((await store('M1', short)).sealed).toHaveLength((await store('M1', long)).sealed.length);
  });
});

describe('the fingerprint', () => {
  test('tells that two records are one card, whatever else differs', async () => {
    const [first, second] = [await store(), await store('M1', newCard(pan, undefined, { month: 1, year: 2033 }))];
    expect(second.fingerprint).toEqual(first.fingerprint);
    expect(first.fingerprint).toHaveLength(32);
    expect((await store('M1', newCard('4111111111111111'))).fingerprint).not.toEqual(first.fingerprint);
  });

  test('of one card differs between two merchants: they cannot compare their shoppers', async () => {
    expect((await store('M1')).fingerprint).not.toEqual((await store('M2')).fingerprint);
  });

  test('is HMAC-SHA-256 of the digits alone, under a key that is for nothing else', async () => {
    const { fingerprint, fingerprintVersion } = await store();
    const { key } = await keyring.dataKey('M1', 'fingerprint');
    expect(fingerprint).toEqual(createHmac('sha256', key).update(pan).digest());
    expect(key.equals((await keyring.dataKey('M1', 'card')).key)).toBe(false);
    expect(await run('select fingerprint, fingerprint_version from vault_card')).toEqual([
      { fingerprint, fingerprint_version: fingerprintVersion },
    ]);
  });
});

describe('a lent card', () => {
  test('is there for as long as the use waits for others', async () => {
    const { cardId } = await store();
    const seen = await withCard(deps, use(cardId), async (card) => {
      await accesses();
      return card.pan.toString();
    });
    expect(seen).toBe(pan);
  });

  test('is zero when the use has ended', async () => {
    const { cardId } = await store();
    const { lent, view } = await withCard(deps, use(cardId), async (card) => ({ lent: card, view: card.pan }));
    expect(view).toHaveLength(pan.length);
    expect(isZero(view)).toBe(true);
    expect(() => lent.pan).toThrow('the card was wiped');
  });

  test.each(['at once', 'later'])('is zero when the use throws %s, and the error comes through', async (when) => {
    const { cardId } = await store();
    let view: Buffer = Buffer.from('untouched');
    const failing = withCard(deps, use(cardId), (card) => {
      view = card.pan;
      expect(isZero(view)).toBe(false);
      if (when === 'at once') throw new Error('the acquirer is gone');
      return Promise.reject(new Error('the acquirer is gone'));
    });
    await expect(failing).rejects.toThrow('the acquirer is gone');
    expect(view).toHaveLength(pan.length);
    expect(isZero(view)).toBe(true);
  });

  test('is written down before it is lent: who, which, why, when', async () => {
    const { cardId } = await store();
    deps.clock.moveTo(new Date('2026-11-24T00:00:00.000Z'));
    const seen = await withCard(deps, use(cardId), accesses);
    const expected = { merchant_id: 'M1', card_id: cardId, purpose: 'purchase', reference: 'att-1' };
    expect(seen).toEqual([{ ...expected, at: new Date('2026-11-24T00:00:00.000Z') }]);
  });

  test('is not lent when that cannot be written down', async () => {
    const { cardId } = await store();
    await run('alter table access_entry rename to elsewhere');
    let lent = false;
    try {
      const attempt = withCard(deps, use(cardId), async () => {
        lent = true;
      });
      await expect(attempt).rejects.toThrow('access_entry');
    } finally {
      await run('alter table elsewhere rename to access_entry');
    }
    expect(lent).toBe(false);
  });

  test("is never another merchant's, nor one that does not exist", async () => {
    const { cardId } = await store('M1');
    for (const stranger of [use(cardId, 'M2'), use(newRowId())]) {
      let lent = false;
      const attempt = withCard(deps, stranger, async () => {
        lent = true;
      });
      await expect(attempt).rejects.toThrow(CardMissing);
      expect(lent).toBe(false);
    }
    expect(await accesses()).toEqual([]);
  });
});

describe('a row that somebody changed is refused', () => {
  const swap = (columns: string) =>
    `update vault_card c set (${columns}) = (select ${columns} from vault_card o where o.card_id <> c.card_id)`;
  const tamperings: Record<string, string> = {
    'ciphertexts of two cards swapped': swap('sealed'),
    'ciphertexts swapped together with their keys': swap('sealed, data_key_id'),
    'the record given another id': 'update vault_card set card_id = gen_random_uuid()',
    'the row given to another merchant, with its keys': `insert into vault_data_key
      select 'M2', data_key_id, purpose, kek_id, wrapped, created_at from vault_data_key`,
    'the row naming another key': `update vault_card set data_key_id =
      (select data_key_id from vault_data_key where merchant_id = 'M1' and purpose = 'fingerprint')`,
    'one bit of the ciphertext flipped':
      'update vault_card set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999))',
    'the ciphertext cut': 'update vault_card set sealed = substring(sealed from 1 for 40)',
    'the ciphertext emptied': `update vault_card set sealed = ''`,
  };

  test.each(Object.keys(tamperings))('%s', async (tampering) => {
    await store();
    await store('M1', newCard('4111111111111111'));
    await run(tamperings[tampering] ?? '');
    if (tampering.includes('merchant')) await run(`update vault_card set merchant_id = 'M2'`);
    const rows = await run<{ merchant_id: string; card_id: string }>('select merchant_id, card_id from vault_card');
    expect(rows).toHaveLength(2);
    for (const { merchant_id, card_id } of rows) {
      let lent = false;
      const attempt = withCard(deps, use(card_id, merchant_id), async () => {
        lent = true;
      });
      await expect(attempt).rejects.toThrow(SealBroken);
      expect(lent).toBe(false);
    }
  });
});

describe('an erased card', () => {
  test('is gone with its ciphertext and fingerprint, and only that card', async () => {
    const [gone, kept] = [await store(), await store()];
    expect(await database.transaction((tx) => eraseCard(tx, gone))).toBe(true);
    expect(await run('select card_id from vault_card')).toEqual([{ card_id: kept.cardId }]);
    await expect(withCard(deps, use(gone.cardId), async () => 'lent')).rejects.toThrow(CardMissing);
    expect(await withCard(deps, use(kept.cardId), async () => 'lent')).toBe('lent');
  });

  test('can be erased again, which says that it was gone', async () => {
    const card = await store();
    await database.transaction((tx) => eraseCard(tx, card));
    expect(await database.transaction((tx) => eraseCard(tx, card))).toBe(false);
  });

  test('is not erased by another merchant, nor by a transaction that fails', async () => {
    const { cardId } = await store();
    expect(await database.transaction((tx) => eraseCard(tx, { merchantId: 'M2', cardId }))).toBe(false);
    const failing = database.transaction(async (tx) => {
      await eraseCard(tx, { merchantId: 'M1', cardId });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await withCard(deps, use(cardId), async () => 'lent')).toBe('lent');
  });

  test('keeps the record of who used it', async () => {
    const card = await store();
    await withCard(deps, use(card.cardId), async () => {});
    await database.transaction((tx) => eraseCard(tx, card));
    expect(await accesses()).toHaveLength(1);
  });
});
