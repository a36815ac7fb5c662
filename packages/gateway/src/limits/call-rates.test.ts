import { createSecretKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { VirtualClock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { createLog } from '../observe/log.ts';
import type { Keyring } from '../vault/keyring.ts';
import { limitCallRates } from './call-rates.ts';

const keyring = {
  dataKey: async () => ({ keyId: '', key: createSecretKey(Buffer.alloc(32, 7)) }),
} as unknown as Keyring;

async function twoProcesses(start = '2026-11-23T12:00:04.000Z') {
  const clock = new VirtualClock(new Date(start));
  const database = await freshDatabase();
  const log = createLog({ level: 'error', write: () => {} });
  const open = () => limitCallRates({ database, keyring, clock, log }, { calls: 2, touches: 2 });
  return { clock, database, one: open(), other: open() };
}

/** How many of so many calls are let through. */
function passing(count: () => void, calls: number): number {
  let passed = 0;
  for (let call = 0; call < calls; call++) {
    try {
      count();
      passed += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      expect((error as Fault).retryAfterSeconds).toBeGreaterThan(0);
    }
  }
  return passed;
}

/** Lets virtual time pass and what it set off end. */
async function share(clock: VirtualClock): Promise<void> {
  clock.moveTo(new Date(clock.now().getTime() + 250));
  await sleep(300);
}

test('one process takes ten seconds of calls, says when to come back, and takes calls again', async () => {
  const { clock, one } = await twoProcesses();
  expect(passing(() => one.count('calls', 'M1'), 50)).toBe(20);
  expect(passing(() => one.count('calls', 'M2'), 5)).toBe(5);
  expect(() => one.count('calls', 'M1')).toThrow(expect.objectContaining({ retryAfterSeconds: 6 }));
  clock.moveTo(new Date(clock.now().getTime() + 6_000));
  expect(passing(() => one.count('calls', 'M1'), 50)).toBe(20);
});

test.each(['calls', 'touches'] as const)('two processes know of each other after a moment: %s', async (rule) => {
  const { clock, one, other } = await twoProcesses();
  expect(passing(() => one.count(rule, 'x'), 12)).toBe(12);
  expect(passing(() => other.count(rule, 'x'), 1)).toBe(1);
  await share(clock);
  await share(clock);
  expect(passing(() => other.count(rule, 'x'), 50)).toBeLessThanOrEqual(8);
});

test('fifty calls of a merchant are under way at the most; inquiries leave the last ten places to others', async () => {
  const { one } = await twoProcesses();
  const places = Array.from({ length: 40 }, () => one.enter('M1', true));
  expect(() => one.enter('M1', true)).toThrow(Fault);
  for (let i = 0; i < 10; i++) places.push(one.enter('M1', false));
  expect(() => one.enter('M1', false)).toThrow(Fault);
  one.enter('M2', true)();
  for (const leave of places) leave();
  expect(() => one.enter('M1', true)).not.toThrow();
});

test('a database that is away stops the sharing, not the counting', async () => {
  const { clock, database, one } = await twoProcesses();
  await database.whileUnreachable(async () => {
    expect(passing(() => one.count('calls', 'M1'), 5)).toBe(5);
    await share(clock);
    expect(passing(() => one.count('calls', 'M1'), 50)).toBe(15);
  });
});
