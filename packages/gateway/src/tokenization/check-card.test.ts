import { describe, expect, test } from 'vitest';
import { realClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { sandboxAcquirer } from '../connector/sandbox/acquirer.ts';
import { testCards } from '../connector/sandbox/triggers.ts';
import type { Database } from '../storage/database.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import { checkCard } from './check-card.ts';

const now = new Date('2026-11-30T23:59:59.999Z');
const connector = sandboxAcquirer({ database: {} as Database, clock: realClock });
type Card = { pan: string; month?: number; year?: number; cvv?: string; name?: string };
const check =
  (card: Card, environment: Config['environment'] = 'sandbox') =>
  () =>
    checkCard(
      CardBuffer.fromText({
        pan: card.pan,
        expiry: { month: card.month ?? 12, year: card.year ?? 2029 },
        cvv: card.cvv ?? '123',
        name: card.name ?? 'TEST USER',
      }),
      connector,
      { clock: { ...realClock, now: () => now }, config: { environment } as Config },
    );

describe('a card', () => {
  test.each(testCards.map(({ pan, payMethodName }) => [pan, payMethodName]))(
    'published for the sandbox is taken as it is published, though it may break the rules: %s (%s)',
    (pan) => {
      expect(check({ pan })).not.toThrow();
    },
  );

  test.each([...testCards.map(({ pan }) => pan), '4242424242424242', '378282246310005'])(
    'published for tests is no card in production: %s',
    (pan) => {
      expect(check({ pan }, 'production')).toThrow(expect.objectContaining({ fault: 'CARD_NOT_SUPPORTED' }));
    },
  );

  test('that nobody published is one in production', () => {
    expect(check({ pan: '4539578763621486' }, 'production')).not.toThrow();
  });

  test.each([
    ['with a wrong check digit', { pan: '4111111111111112' }, 'CARD_DATA_INVALID'],
    ['of no scheme', { pan: '9999999999999995' }, 'CARD_NOT_SUPPORTED'],
    ['that expired last month', { pan: '5555555555554444', month: 10, year: 2026 }, 'CARD_DATA_INVALID'],
    ['with a CVV of another scheme', { pan: '5555555555554444', cvv: '1234' }, 'CARD_DATA_INVALID'],
    ['with a number for a name', { pan: '5555555555554444', name: '5555 5555 5555 4444' }, 'CARD_DATA_INVALID'],
    ['with too few digits for its scheme', { pan: '555555555554440' }, 'CARD_DATA_INVALID'],
  ])('%s is refused, and the text never repeats it', (_, card, fault) => {
    expect(check(card)).toThrow(expect.objectContaining({ fault, message: expect.not.stringContaining(card.pan) }));
  });

  test('is good to the last moment of its month', () => {
    expect(check({ pan: '5555555555554444', month: 11, year: 2026 })).not.toThrow();
  });
});
