import { describe, expect, test } from 'vitest';
import { judge, networkOf, noCount, rules, slotOf, windowStart } from './limit.ts';

const counts = (changed: Partial<Parameters<typeof judge>[0]>) => ({
  card: noCount,
  user: noCount,
  bin: noCount,
  ...changed,
});

describe('a card', () => {
  test.each([
    ['is verified five times while it fails', { card: { tries: 5, failures: 5 } }, 'proceed'],
    ['is not shown to its issuer a sixth time', { card: { tries: 6, failures: 6 } }, 'decline'],
    ['may be bound as often as it works', { card: { tries: 500, failures: 1 } }, 'proceed'],
    ['is the tenth of its user', { user: { tries: 10, failures: 0 } }, 'proceed'],
    ['is the eleventh of its user', { user: { tries: 11, failures: 0 } }, 'user-full'],
    [
      'of a BIN with many failures among many more successes is trusted',
      { bin: { tries: 60, failures: 30 } },
      'proceed',
    ],
    ['of a BIN of which most fail must be authenticated', { bin: { tries: 50, failures: 26 } }, 'challenge'],
    ['of a BIN of which few were tried is trusted', { bin: { tries: 25, failures: 25 } }, 'proceed'],
  ] as const)('%s', (_what, changed, expected) => expect(judge(counts(changed))).toBe(expected));
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is in the network %s', (address, network) => expect(networkOf(address)).toBe(network));

test('a window holds as many slots as fit, the present one included', () => {
  const now = new Date('2026-11-23T12:34:56.789Z');
  expect(slotOf('address', now).toISOString()).toBe('2026-11-23T12:34:00.000Z');
  expect(windowStart('address', now).toISOString()).toBe('2026-11-23T12:25:00.000Z');
  for (const [name, { windowMs, slotMs }] of Object.entries(rules)) expect(windowMs % slotMs, name).toBe(0);
});
