import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openPatience } from './patience.ts';

const socket = () => ({}) as Socket;

/** Uses up what may leave at once. */
async function exhausted() {
  const patience = openPatience(300);
  for (let n = 0; n < 900; n++) await patience.turn(socket());
  return patience;
}

test('after a burst refusals leave one after the other, at a steady rate, and all of them do', async () => {
  const patience = await exhausted();
  const order: number[] = [];
  const before = performance.now();
  const turns = Array.from({ length: 200 }, async (_, n) => {
    expect(await patience.turn(socket())).toBe(true);
    order.push(n);
  });
  await sleep(1);
  expect(order.length).toBeLessThan(100);
  await Promise.all(turns);
  // 300 a second; a busy machine is slower, never faster.
  expect(performance.now() - before).toBeGreaterThan(300);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  patience.close();
});

test('a connection that sends on while it waits is ended, and so is one too many', async () => {
  const patience = await exhausted();
  const impatient = socket();
  const first = patience.turn(impatient);
  expect(await patience.turn(impatient)).toBe(false);
  const others = Array.from({ length: 4_100 }, () => patience.turn(socket()));
  expect(await Promise.race([...others.slice(-1), sleep(50).then(() => 'waits')])).toBe(false);
  patience.close();
  expect(await first).toBe(true);
  await Promise.all(others);
});
