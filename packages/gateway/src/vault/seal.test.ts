import { createCipheriv, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Binding, keyIdOf, open, SealBroken, type SealingKey, seal } from './seal.ts';

const newKey = (): SealingKey => ({ keyId: randomUUID(), key: createSecretKey(randomBytes(32)) });

const key = newKey();
const binding: Binding = { purpose: 'card', merchantId: 'M1', recordId: 'card-1' };
const plaintext = Buffer.from('what rests in the vault');

describe('what was sealed', () => {
  test('opens to the very bytes, whatever they are and whatever they are bound to', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), text, text, (bytes, merchantId, recordId) => {
        const bound = { purpose: 'secret', merchantId, recordId } as const;
        expect(open(key, bound, seal(key, bound, bytes)).equals(bytes)).toBe(true);
      }),
    );
  }, 30_000);

  test('has the documented layout, so that another program could open it', () => {
    const sealed = seal(key, binding, plaintext);
    const part = (text: string) => Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)]);
    const cipher = createCipheriv('aes-256-gcm', key.key, sealed.subarray(17, 29));
    cipher.setAAD(Buffer.concat([part('card/1'), part('M1'), part('card-1'), part(key.keyId)]));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const keyId = Buffer.from(key.keyId.replaceAll('-', ''), 'hex');
    const expected = [Buffer.of(1), keyId, sealed.subarray(17, 29), ciphertext, cipher.getAuthTag()];
    expect(sealed.equals(Buffer.concat(expected))).toBe(true);
    expect(keyIdOf(sealed)).toBe(key.keyId);
  });

  test('never shares a nonce with anything else: 100,000 seals, 100,000 nonces', () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 100_000; i++) nonces.add(seal(key, binding, plaintext).toString('latin1', 17, 29));
    expect(nonces.size).toBe(100_000);
  }, 30_000);
});

describe('a ciphertext moved elsewhere does not open', () => {
  const sealed = seal(key, binding, plaintext);
  const moves: Record<string, () => Buffer> = {
    'to another record': () => open(key, { ...binding, recordId: 'card-2' }, sealed),
    'to another merchant': () => open(key, { ...binding, merchantId: 'M2' }, sealed),
    'to another purpose': () => open(key, { ...binding, purpose: 'session' }, sealed),
    'to the system': () => open(key, { ...binding, merchantId: '' }, sealed),
    'to a binding that spells the same letters': () =>
      open(key, { ...binding, merchantId: 'M1c', recordId: 'ard-1' }, sealed),
    'under another key': () => open(newKey(), binding, sealed),
    'under another key of the same id': () => open({ ...newKey(), keyId: key.keyId }, binding, sealed),
    'under the same key of another id': () => open({ ...key, keyId: randomUUID() }, binding, sealed),
    'relabelled with the id of another key': () => {
      const other = { ...key, keyId: randomUUID() };
      const relabelled = Buffer.from(sealed);
      Buffer.from(other.keyId.replaceAll('-', ''), 'hex').copy(relabelled, 1);
      return open(other, binding, relabelled);
    },
  };

  test.each(Object.keys(moves))('%s', (move) => {
    expect(open(key, binding, sealed)).toEqual(plaintext);
    expect(moves[move]).toThrow(SealBroken);
  });

  test('not in any of 1,000 swaps between merchants and records', () => {
    const places = Array.from({ length: 33 }, (_, i) => ({
      ...binding,
      merchantId: `M${i % 6}`,
      recordId: `card-${i}`,
    }));
    const all = places.map((place) => ({ place, bytes: seal(key, place, plaintext) }));
    const swaps = all.flatMap((from) => all.filter((to) => to !== from).map((to) => ({ from, to })));
    const opened = swaps.filter(({ from, to }) => {
      try {
        return open(key, to.place, from.bytes).length > 0;
      } catch (error) {
        return !(error instanceof SealBroken);
      }
    });
    expect(swaps.length).toBeGreaterThan(1_000);
    expect(opened).toEqual([]);
  });
});

describe('a damaged ciphertext does not open, and does not say why', () => {
  const sealed = seal(key, binding, plaintext);
  const messageOf = (bytes: Buffer): string => {
    try {
      return `opened: ${open(key, binding, bytes).toString('hex')}`;
    } catch (error) {
      return String(error);
    }
  };
  const refusal = 'SealBroken: a sealed value does not open';

  test('with any single bit flipped', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(messageOf(damaged), `bit ${bit}`).toBe(refusal);
    }
  });

  test('cut to any length', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(messageOf(sealed.subarray(0, length)), `${length} bytes`).toBe(refusal);
    }
  });

  test('cut to any length, when there was nothing in it', () => {
    const empty = seal(key, binding, Buffer.alloc(0));
    expect(open(key, binding, empty)).toHaveLength(0);
    for (let length = 0; length < empty.length; length++) {
      expect(messageOf(empty.subarray(0, length)), `${length} bytes`).toBe(refusal);
      expect(() => keyIdOf(empty.subarray(0, length)), `${length} bytes`).toThrow(SealBroken);
    }
  });

  test('extended at either end', () => {
    for (const extra of [Buffer.of(0), randomBytes(16), sealed]) {
      expect(messageOf(Buffer.concat([sealed, extra]))).toBe(refusal);
      expect(messageOf(Buffer.concat([extra, sealed]))).toBe(refusal);
    }
  });
});
