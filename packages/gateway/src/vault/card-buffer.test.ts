import { format, inspect } from 'node:util';
import { encodeRecord } from '@waffo/protocol/envelope/record';
import { describe, expect, test } from 'vitest';
import { findLeaks } from '../../../../test/kit/leak-scan.ts';
import { CardBuffer } from './card-buffer.ts';

const pan = '4012888888881881';
const cvv = '738';
const name = 'ADA LOVELACE';
const record = (parts: { cvv?: string; pan?: string } = { cvv }) =>
  encodeRecord({ pan, expiry: '09/2031', name, ...parts });
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe('a card carries what it was given', () => {
  test('from the record of an envelope', () => {
    const card = new CardBuffer(record());
    expect(card.pan).toEqual(Buffer.from(pan));
    expect(card.cvv).toEqual(Buffer.from(cvv));
    expect([card.expiryMonth, card.expiryYear, card.name]).toEqual([9, 2031, name]);
  });

  test('from text', () => {
    const card = CardBuffer.fromText({ pan, expiry: { month: 9, year: 2031 }, cvv: undefined, name: '' });
    expect(card.pan).toEqual(Buffer.from(pan));
    expect(card.cvv).toBeUndefined();
    expect([card.expiryMonth, card.expiryYear, card.name]).toEqual([9, 2031, '']);
  });

  test.each([
    [pan, { bin: '401288', last4: '1881', masked: '401288******1881', scheme: 'VISA' }],
    ['378282246310005', { bin: '378282', last4: '0005', masked: '378282*****0005', scheme: 'AMEX' }],
    ['9999999999999999995', { bin: '999999', last4: '9995', masked: '999999*********9995', scheme: undefined }],
  ])('and tells six digits, four digits and the scheme, nothing more (%#)', (number, shown) => {
    expect(new CardBuffer(record({ pan: number })).describe()).toEqual(shown);
  });
});

describe('a card prints nothing', () => {
  const card = new CardBuffer(record());
  const prints: Record<string, () => string> = {
    String: () => String(card),
    template: () => `${card}`,
    concatenation: () => `card: ${[card].join()}`,
    JSON: () => JSON.stringify({ card, list: [card] }),
    inspect: () => inspect({ card }, { showHidden: true, depth: 9, getters: true }),
    'inspect without custom printing': () => inspect(card, { customInspect: false, showHidden: true, depth: 9 }),
    'format %s %o %O %j': () => format('%s %o %O %j', card, card, card, card),
    'a copy of its members': () => inspect({ ...card }, { depth: 9 }),
    'an error that names it': () => String(new Error(`no road for ${card}`, { cause: card }).cause),
  };

  test.each(Object.keys(prints))('%s', (way) => {
    const printed = prints[way]?.() ?? '';
    expect(findLeaks(printed, { pan })).toEqual([]);
    for (const secret of [cvv, name, '2031', Buffer.from(pan).toString('hex').replace(/../g, '$& ').trim()]) {
      expect(printed).not.toContain(secret);
    }
  });

  test('but the word card', () => {
    expect(`${card} ${JSON.stringify(card)} ${inspect(card)}`).toBe('[card] "[card]" [card]');
  });
});

describe('a wiped card is gone', () => {
  const wipes: Record<string, (card: CardBuffer) => void> = {
    dispose: (card) => card.dispose(),
    'Symbol.dispose': (card) => card[Symbol.dispose](),
  };

  test.each(Object.keys(wipes))('from its own bytes and from every view of them (%s)', (wipe) => {
    const bytes = record();
    const card = new CardBuffer(bytes);
    const views = [card.pan, card.cvv ?? Buffer.of(1)];
    expect(views.some(isZero)).toBe(false);
    wipes[wipe]?.(card);
    expect(isZero(bytes)).toBe(true);
    expect(views.every(isZero)).toBe(true);
  });

  test('and cannot be used by mistake: zeros are never charged or stored', () => {
    const card = new CardBuffer(record());
    card.dispose();
    card.dispose();
    const uses = [() => card.pan, () => card.cvv, () => card.name, () => card.describe(), () => card.recordToStore()];
    for (const use of uses) expect(use).toThrow('the card was wiped');
    expect(String(card)).toBe('[card]');
  });

  test('also when it was no card at all', () => {
    const bytes = record();
    bytes[0] = 2;
    expect(() => new CardBuffer(bytes)).toThrow('the card envelope cannot be opened');
    expect(isZero(bytes)).toBe(true);
  });
});

describe('the record to store', () => {
  test('is exactly the record of the same card without a CVV', () => {
    const without = encodeRecord({ pan, expiry: '09/2031', name });
    for (const code of ['000', cvv, '7384']) {
      expect(new CardBuffer(record({ cvv: code })).recordToStore()).toEqual(Buffer.from(without));
    }
    expect(new CardBuffer(Uint8Array.from(without)).recordToStore()).toEqual(Buffer.from(without));
  });

  test('is a copy: the card keeps its CVV for the verification', () => {
    const card = new CardBuffer(record());
    card.recordToStore().fill(0);
    expect(card.cvv).toEqual(Buffer.from(cvv));
    expect(card.pan).toEqual(Buffer.from(pan));
  });

  test('also when the record lies in the middle of other bytes', () => {
    const around = Buffer.alloc(1024, 0xee);
    around.set(record(), 300);
    const card = new CardBuffer(around.subarray(300, 556));
    expect(new CardBuffer(card.recordToStore()).cvv).toBeUndefined();
    card.dispose();
    expect(isZero(around.subarray(300, 556))).toBe(true);
    expect([around[299], around[556]]).toEqual([0xee, 0xee]);
  });
});
