/**
 * Somebody with the database in his hands. Who writes to it exchanges ciphertexts: none opens in the place of another.
 * Who has a copy of it, and of every file beside it, but not the key-encryption key, finds nothing that opens anything.
 */
import { createHash, createSecretKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seal as sealEnvelope } from '@waffo/protocol/envelope/seal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPlatformKeys } from '../../packages/gateway/src/merchant/platform-keys.ts';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { holdCvv, readCvv } from '../../packages/gateway/src/vault/cvv-hold.ts';
import { ensureImportKey, lineOpener } from '../../packages/gateway/src/vault/import-key.ts';
import { heldKeks } from '../../packages/gateway/src/vault/kek.ts';
import { keksFromFiles } from '../../packages/gateway/src/vault/kek-file.ts';
import { openKeyring } from '../../packages/gateway/src/vault/keyring.ts';
import { type Binding, keyIdOf, open, SealBroken } from '../../packages/gateway/src/vault/seal.ts';
import { openSubmittedCard } from '../../packages/gateway/src/vault/session-key.ts';
import { withCard } from '../../packages/gateway/src/vault/vault.ts';
import { openCheckout } from '../kit/checkout.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { testCard } from '../kit/test-card.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows of many tables
type Row = any;

let gateway: TestGateway;
let home = '';
const secret = Buffer.alloc(32, 7);

interface SealedColumn {
  readonly key: readonly string[];
  /** The column that names the key of the ciphertext, where it is that which is believed. */
  readonly keyId?: string;
  readonly bindingOf: (row: Row) => Binding;
  /** Opens the value of a row as the gateway does. */
  readonly read: (row: Row) => Promise<unknown>;
}

const keyring = () => {
  const { database, clock } = gateway.app.gateway;
  return openKeyring({ database, clock, kek: keks() });
};
const keks = () => heldKeks('the key file', () => keksFromFiles([join(home, 'kek')]));
const cvvKey = ({ merchant_id, hold_id }: Row) => ({ merchantId: merchant_id, holdId: hold_id, secret });

/** A private half opens what was encrypted to its session. */
async function openSubmitted({ merchant_id, token_request_id, session_id, value }: Row): Promise<void> {
  const session = {
    merchantId: merchant_id,
    tokenRequestId: token_request_id,
    sessionId: session_id,
    sealedPrivateKey: value,
  };
  const card = await openSubmittedCard(gateway.app.gateway, session, await sealEnvelope(session_id, testCard));
  card.dispose();
}

/** Every column that holds ciphertexts. */
const sealed: Record<string, SealedColumn> = {
  'vault_card.sealed': {
    key: ['merchant_id', 'card_id'],
    keyId: 'data_key_id',
    bindingOf: (row) => ({ purpose: 'card', merchantId: row.merchant_id, recordId: row.card_id }),
    read: (row) => {
      const use = { merchantId: row.merchant_id, cardId: row.card_id, purpose: 'purchase', reference: 'att-1' };
      return withCard(gateway.app.gateway, use, async () => {});
    },
  },
  'tokenization_session.sealed_private_key': {
    key: ['merchant_id', 'token_request_id'],
    bindingOf: (row) => {
      const recordId = `${row.token_request_id}/${row.session_id}`;
      return { purpose: 'session', merchantId: row.merchant_id, recordId };
    },
    read: openSubmitted,
  },
  'checkout.sealed_private_key': {
    key: ['merchant_id', 'acquiring_order_id'],
    bindingOf: (row) => {
      const recordId = `${row.acquiring_order_id}/${row.session_id}`;
      return { purpose: 'session', merchantId: row.merchant_id, recordId };
    },
    read: (row) => openSubmitted({ ...row, token_request_id: row.acquiring_order_id }),
  },
  'vault_import_key.sealed': {
    key: ['merchant_id'],
    keyId: 'data_key_id',
    bindingOf: (row) => ({ purpose: 'secret', merchantId: row.merchant_id, recordId: 'import-key' }),
    read: (row) => lineOpener(gateway.app.gateway, row.merchant_id),
  },
  'platform_key.sealed': {
    key: ['merchant_id'],
    keyId: 'data_key_id',
    bindingOf: (row) => ({ purpose: 'secret', merchantId: row.merchant_id, recordId: 'platform-key' }),
    read: async (row) => (await openPlatformKeys(gateway.app.gateway)).signerOf(row.merchant_id),
  },
  'vault_cvv_hold.sealed': {
    key: ['merchant_id', 'hold_id'],
    bindingOf: (row) => ({ purpose: 'cvv', merchantId: row.merchant_id, recordId: row.hold_id }),
    read: async (row) => {
      if ((await readCvv(gateway.database, cvvKey(row))) === undefined) throw new SealBroken();
    },
  },
  'vault_data_key.wrapped': {
    key: ['merchant_id', 'data_key_id'],
    bindingOf: (row) => {
      const recordId = `${row.purpose}/${row.data_key_id}`;
      return { purpose: 'dek', merchantId: row.merchant_id, recordId };
    },
    read: async (row) => (await keyring()).dataKeyById(gateway.database, row.merchant_id, row.data_key_id),
  },
  'vault_kek.check_value': {
    key: ['kek_id'],
    bindingOf: (row) => ({ purpose: 'dek', merchantId: '', recordId: `check/${row.kek_id}` }),
    read: keyring,
  },
};

/** Bytes that are no ciphertext: public keys, hashes, keyed hashes, and a notification's text. */
const notSealed = [
  ...[
    'merchant_api_key.key_hash',
    'merchant_client_key.key_hash',
    'merchant_public_key.spki',
    'platform_key.spki',
    'vault_import_key.point',
  ],
  ...['vault_card.fingerprint', 'tokenization_session.request_fingerprint', 'tokenization_session.submit_fingerprint'],
  ...[
    'payment_order.request_fingerprint',
    'payment_refund.request_fingerprint',
    'subscription.request_fingerprint',
    'outbox.body',
    'limit_count.mark',
    'declined_charge.mark',
  ],
  ...['threeds_authentication.holder_hash', 'access_entry.mac', 'access_chain.mac', 'access_anchor.mac'],
];

const run = (text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  gateway.database.rows({ name: createHash('md5').update(text).digest('hex'), text }, [...values]);

const byteColumns = async (): Promise<string[]> => {
  const rows = await run(`select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = current_schema() and data_type = 'bytea' order by 1`);
  return rows.map(({ name }) => name);
};

beforeAll(async () => {
  gateway = await startTestGateway();
  home = gateway.app.gateway.config.home;
  for (const user of ['ada', 'grace']) await gateway.bind({}, user);
  for (const as of [gateway.merchant, gateway.pci]) {
    await openSession(as);
    await openSession(as);
    await ensureImportKey(gateway.app.gateway, as.merchantId);
    for (const holdId of ['one', 'two']) {
      const key = { merchantId: as.merchantId, holdId, secret };
      await gateway.database.transaction((tx) => holdCvv(tx, key, Buffer.from('123'), gateway.clock.now()));
    }
  }
  for (let order = 0; order < 2; order++) await openCheckout(gateway);
  const bare = { pan: testCard.pan, expiry: testCard.expiry, cvv: '123', name: 'Ada Lovelace' };
  await openSession(gateway.pci, { tokenData: bare });
});
afterAll(() => gateway?.stop());

const openSession = (as: SandboxMerchant, more: object = {}) =>
  gateway.call(
    '/tokenization/generate',
    {
      tokenRequestId: freshId('treq'),
      merchantUserId: freshId('user'),
      tokenType: 'CARD',
      notifyUrl: gateway.receiver.url,
      ...more,
    },
    as,
  );

interface Value {
  readonly column: string;
  readonly row: Row;
}

/** Every ciphertext there is. */
async function valuesOf(): Promise<Value[]> {
  const found: Value[] = [];
  for (const column of Object.keys(sealed)) {
    const [table, name] = column.split('.');
    const rows = await run(`select *, ${name} as value from ${table} where ${name} is not null`);
    found.push(...rows.map((row) => ({ column, row })));
  }
  return found;
}

/** Writes a ciphertext into a place, and with it the key that it names where that is possible. */
async function write({ column, row }: Value, value: Buffer): Promise<void> {
  const [table, name] = column.split('.');
  const { key, keyId } = sealed[column] as SealedColumn;
  const where = key.map((one, at) => `t.${one} = $${at + 2}`).join(' and ');
  const known = `select k.data_key_id from vault_data_key k
    where k.merchant_id = t.merchant_id and k.data_key_id = $${key.length + 2}::uuid`;
  const named = keyId === undefined ? '' : `, ${keyId} = coalesce((${known}), t.${keyId})`;
  const values = [value, ...key.map((one) => row[one]), ...(keyId === undefined ? [] : [keyIdOf(value)])];
  await run(`update ${table} t set ${name} = $1${named} where ${where}`, values);
}

describe('whoever writes to the database', () => {
  test('finds no column of bytes that this test does not know', async () => {
    expect(await byteColumns()).toEqual([...Object.keys(sealed), ...notSealed].sort());
  });

  test('can put no ciphertext into the place of another, whatever its row, column, merchant or purpose', async () => {
    const values = await valuesOf();
    for (const column of Object.keys(sealed)) expect(values.map((one) => one.column)).toContain(column);
    const opened: string[] = [];
    for (const place of values) {
      const { read } = sealed[place.column] as SealedColumn;
      await read(place.row);
      for (const other of values) {
        if (other === place) continue;
        const isOpen = await write(place, other.row.value)
          .then(() => read({ ...place.row, value: other.row.value }))
          .then(
            () => true,
            () => false,
          );
        if (isOpen) opened.push(`${other.column} in the place of ${place.column}`);
      }
      await write(place, place.row.value);
      await read(place.row);
    }
    expect(opened).toEqual([]);
  });
});

describe('whoever has the database and every file but the key-encryption key', () => {
  test('holds no key to anything', async () => {
    const values = await valuesOf();
    const candidates = await keyLikes();
    expect(candidates.length).toBeGreaterThan(5_000);
    // One of each kind: they are sealed alike.
    const targets = Object.keys(sealed).flatMap((column) => values.find((one) => one.column === column) ?? []);
    expect(opens(candidates, targets)).toEqual([]);
    const kek = Buffer.from(await readFile(join(home, 'kek'), 'latin1'), 'base64');
    expect(new Set(opens([kek], values))).toEqual(new Set(['vault_data_key.wrapped', 'vault_kek.check_value']));
    expect(opens([secret], values)).toContain('vault_cvv_hold.sealed');
  });
});

/** @returns the columns of which a key opens a value */
function opens(candidates: readonly Buffer[], targets: readonly Value[]): string[] {
  const aims = targets.map(({ column, row }) => ({
    column,
    value: row.value as Buffer,
    keyId: keyIdOf(row.value),
    binding: (sealed[column] as SealedColumn).bindingOf(row),
  }));
  return candidates.flatMap((bytes) => {
    const key = createSecretKey(bytes);
    return aims.flatMap(({ column, value, keyId, binding }) => {
      try {
        open({ keyId, key }, binding, value);
        return [column];
      } catch (error) {
        if (error instanceof SealBroken) return [];
        throw error;
      }
    });
  });
}

/** All runs of 32 bytes in the bytes and texts of the database and the files, and the hashes of the texts. */
async function keyLikes(): Promise<Buffer[]> {
  const found = new Map<string, Buffer>();
  const addAll = (bytes: Buffer) => {
    for (let at = 0; at + 32 <= bytes.length; at++) {
      const run32 = bytes.subarray(at, at + 32);
      // Chance makes no text: a key that is written as text is decoded below.
      if (run32.some((byte) => byte < 0x20 || byte > 0x7e)) found.set(run32.toString('latin1'), run32);
    }
  };
  const addText = (text: string) => {
    addAll(createHash('sha256').update(text).digest());
    for (const word of text.match(/[A-Za-z0-9+/_-]{32,}={0,2}/g) ?? []) {
      addAll(createHash('sha256').update(word).digest());
      addAll(Buffer.from(word, 'base64'));
      if (/^[0-9a-f]+$/i.test(word)) addAll(Buffer.from(word, 'hex'));
    }
  };
  for (const column of await byteColumns()) {
    const [table, name] = column.split('.');
    for (const { value } of await run(`select ${name} as value from ${table} where ${name} is not null`)) addAll(value);
  }
  const texts = await run(`select table_name, column_name from information_schema.columns
    where table_schema = current_schema() and data_type in ('text', 'uuid', 'jsonb')`);
  for (const { table_name, column_name } of texts) {
    for (const { value } of await run(`select distinct ${column_name}::text as value from ${table_name}`)) {
      if (value !== null) addText(value);
    }
  }
  for (const name of await readdir(home)) if (name !== 'kek') addText(await readFile(join(home, name), 'utf8'));
  return [...found.values()];
}
