import { describe, expect, test } from 'vitest';
import { MovingCardRefused, readMovingCard, writtenMovingCard } from './moving-card.ts';

const pan = '4012888888881881';
const line = { id: 'old-1', merchantUserId: 'user_1', pan, expiry: '09/2031' };
const read = (value: unknown) => readMovingCard(Buffer.from(JSON.stringify(value)));
const refusal = (value: unknown): MovingCardRefused => {
  try {
    read(value).card.dispose();
  } catch (error) {
    if (error instanceof MovingCardRefused) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('a card on its way', () => {
  test('is read whole', () => {
    const billingAddress = { countryCode: 'HKG', city: 'Hong Kong' };
    const moving = read({ ...line, name: 'Ada Lovelace', billingAddress, authenticated: true });
    expect(moving).toMatchObject({ id: 'old-1', merchantUserId: 'user_1', authenticated: true, billingAddress });
    expect([moving.card.pan.toString(), moving.card.name]).toEqual([pan, 'Ada Lovelace']);
    expect([moving.card.expiryMonth, moving.card.expiryYear, moving.card.cvv]).toEqual([9, 2031, undefined]);
  });

  test('is not taken for authenticated, named or addressed when nobody says so', () => {
    expect(read(line)).toMatchObject({ authenticated: false, billingAddress: undefined });
    expect(read(line).card.name).toBe('');
  });

  test('is written as it is read', () => {
    const full = { ...line, name: 'Ada', billingAddress: { countryCode: 'HKG' }, authenticated: true };
    for (const value of [line, full]) expect(JSON.parse(writtenMovingCard(read(value)).toString())).toEqual(value);
  });

  test.each<[string, object, string]>([
    ['a security code', { cvv: '123' }, 'cvv: security codes may not be kept after their payment; leave it out'],
    [
      'a security code by its other name',
      { cvc: '1' },
      'cvv: security codes may not be kept after their payment; leave it out',
    ],
    ['a member that nobody knows', { [pan]: 1 }, 'a member is not known; the guide lists those that are'],
    ['no user', { merchantUserId: undefined }, 'merchantUserId: absent, or of another type'],
    ['an empty user', { merchantUserId: '' }, 'merchantUserId: give the user'],
    ['a long user', { merchantUserId: 'u'.repeat(65) }, 'merchantUserId: at most 64 characters'],
    ['a number with blanks', { pan: '4012 8888 8888 1881' }, 'pan: give 12 to 19 digits'],
    ['a number of eleven digits', { pan: '40128888888' }, 'pan: give 12 to 19 digits'],
    ['a number of twenty digits', { pan: '40128888888818810000' }, 'pan: give 12 to 19 digits'],
    ['another expiry', { expiry: '9/31' }, 'expiry: give MM/YYYY'],
    ['a long name', { name: 'n'.repeat(129) }, 'name: at most 128 characters'],
    ['a name that is too long in bytes', { name: '愛'.repeat(100) }, 'name: too long, or with control characters'],
    ['a control character', { name: 'a\u0000' }, 'name: too long, or with control characters'],
    ['an address of another type', { billingAddress: 'x' }, 'billingAddress: absent, or of another type'],
    ['an authentication in words', { authenticated: 'yes' }, 'authenticated: absent, or of another type'],
  ])('with %s is refused in words, under its id', (_name, change, reason) => {
    const refused = refusal({ ...line, ...change });
    expect([refused.message, refused.id]).toEqual([reason, 'old-1']);
  });

  test('without an id that can be told is refused without one', () => {
    for (const id of ['', 'x'.repeat(65), 'with blank', 'ü']) {
      const refused = refusal({ ...line, id });
      expect(refused.message).toBe('id: give 1 to 64 visible ASCII characters without blanks');
      expect(refused.id).toBeUndefined();
    }
  });

  test('whose number stands in the wrong place is not told by it', () => {
    const misplaced = [
      { ...line, id: pan, pan: 'old-1' },
      { ...line, id: '4012-8888-8888-1881', pan: '' },
      { ...line, id: '9999999999999995', expiry: '' },
    ];
    for (const value of misplaced) expect(refusal(value).id, value.id).toBeUndefined();
    const doubled = refusal({ ...line, id: `card-${pan}` });
    expect([doubled.message, doubled.id]).toEqual([
      'id: holds the card number; ids are kept and shown in clear',
      undefined,
    ]);
    expect(refusal({ ...line, merchantUserId: '4012 8888-88881881' }).message).toContain('holds the card number');
    // Short and long numbers that are no card's.
    expect(refusal({ ...line, id: '12345678901', pan: '' }).id).toBe('12345678901');
    expect(refusal({ ...line, id: '0000000000001', pan: '' }).id).toBe('0000000000001');
  });

  test('is a JSON object', () => {
    for (const text of ['', '{', '[]', 'null', '"x"', '1']) {
      let message = '';
      try {
        readMovingCard(Buffer.from(text));
      } catch (error) {
        expect(error).toBeInstanceOf(MovingCardRefused);
        message = (error as Error).message;
      }
      expect(message, text).toBe('the content is no JSON object');
    }
  });
});
