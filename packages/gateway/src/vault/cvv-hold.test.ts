import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { statement } from '../storage/database.ts';
import { dropCvv, type HoldKey, holdCvv, holdLifetimeMs, linkSecretOf, readCvv, rekeyCvv } from './cvv-hold.ts';

const database = await freshDatabase();
const now = new Date('2026-11-23T12:00:00.000Z');
const key: HoldKey = { merchantId: 'M1', holdId: 'auth-1', secret: randomBytes(32) };
const cvv = Buffer.from('737');

const rows = () =>
  database.rows(
    statement<{ sealed: Buffer; created_at: Date }>('test/cvv-holds', 'select sealed, created_at from vault_cvv_hold'),
  );
const keep = (at: HoldKey = key, held: Uint8Array | undefined = cvv) =>
  database.transaction((tx) => holdCvv(tx, at, held, now));

beforeEach(async () => {
  await database.rows(statement('test/cvv-clear', 'delete from vault_cvv_hold'));
  await database.rows(
    statement(
      'test/cvv-merchants',
      `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
       select m, m, 'ACTIVE', false, '{}', now() from unnest(array['M1', 'M2']) m on conflict do nothing`,
    ),
  );
});

describe('a CVV that waits for a challenge', () => {
  test('opens with its secret, and reads as it was', async () => {
    await keep();
    expect((await readCvv(database, key))?.toString()).toBe('737');
    expect(await rows()).toMatchObject([{ created_at: now }]);
  });

  test('is not in the table, nor is what opens it', async () => {
    await keep();
    const [row] = await rows();
    for (const secret of [cvv, key.secret]) expect(row?.sealed.includes(secret)).toBe(false);
  });

  test('that was never sent reads as none, and differs from one that is lost', async () => {
    await keep(key, new Uint8Array());
    expect(await readCvv(database, key)).toEqual(Buffer.alloc(0));
    await database.transaction((tx) => holdCvv(tx, { ...key, holdId: 'auth-2' }, undefined, now));
    expect(await readCvv(database, { ...key, holdId: 'auth-2' })).toEqual(Buffer.alloc(0));
    expect(await readCvv(database, { ...key, holdId: 'auth-3' })).toBeUndefined();
  });

  test.each([
    ['with another secret', { secret: randomBytes(32) }],
    ['for another merchant', { merchantId: 'M2' }],
    ['for another challenge', { holdId: 'auth-9' }],
  ])('does not open %s', async (_, other) => {
    await keep();
    expect(await readCvv(database, { ...key, ...other })).toBeUndefined();
  });

  test('does not open under the name of another challenge that its row was moved to', async () => {
    await keep();
    await database.rows(statement('test/cvv-move', `update vault_cvv_hold set hold_id = 'auth-2'`));
    expect(await readCvv(database, { ...key, holdId: 'auth-2' })).toBeUndefined();
    await database.rows(statement('test/cvv-give', `update vault_cvv_hold set hold_id = 'auth-1', merchant_id = 'M2'`));
    expect(await readCvv(database, { ...key, merchantId: 'M2' })).toBeUndefined();
  });

  test('is gone when it was dropped, and only that one', async () => {
    await keep();
    await keep({ ...key, holdId: 'auth-2' });
    await keep({ ...key, merchantId: 'M2' });
    await dropCvv(database, key);
    expect(await readCvv(database, key)).toBeUndefined();
    expect(await rows()).toHaveLength(2);
  });

  test('a failure of the database is no lost hold', async () => {
    const failing = { rows: () => Promise.reject(new Error('away')) };
    await expect(readCvv(failing, key)).rejects.toThrow('away');
    const broken = { rows: async () => [{ sealed: undefined }] as never[] };
    await expect(readCvv(broken, key)).rejects.toThrow(TypeError);
  });

  test('waits a quarter of an hour at most', () => {
    expect(holdLifetimeMs).toBe(900_000);
  });
});

describe('another secret', () => {
  test('opens it from then on, and the first opens nothing', async () => {
    await keep();
    await keep({ ...key, holdId: 'auth-2' });
    const secret = randomBytes(32);
    await database.transaction((tx) => rekeyCvv(tx, key, secret));
    expect(await readCvv(database, key)).toBeUndefined();
    expect((await readCvv(database, { ...key, secret }))?.toString()).toBe('737');
    expect((await readCvv(database, { ...key, holdId: 'auth-2' }))?.toString()).toBe('737');
  });

  test('brings no lost hold back', async () => {
    await database.transaction((tx) => rekeyCvv(tx, key, randomBytes(32)));
    expect(await rows()).toEqual([]);
  });
});

describe('the secret of a link', () => {
  test('follows from the envelope and the challenge, is 32 bytes, and is the same for a repeat', () => {
    const secret = linkSecretOf('eyJ.envelope', 'auth-1');
    expect(secret).toHaveLength(32);
    expect(linkSecretOf('eyJ.envelope', 'auth-1')).toEqual(secret);
    expect(linkSecretOf('eyJ.envelope', 'auth-2')).not.toEqual(secret);
    expect(linkSecretOf('eyJ.another', 'auth-1')).not.toEqual(secret);
    // RFC 5869 with SHA-256, no salt, by another implementation: links that are out must go on opening.
    expect(secret.toString('hex')).toBe('926c62a67682a399393f242a424611d17d194ecfec35d3578d816322f7c7d2f0');
  });
});
