import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sender } from '../bench/generator.ts';

/** A server that takes some time for each answer, and keeps what it was asked. */
function serverThatTakes(ms: number) {
  const asked: string[] = [];
  const connection = {
    async ask(request: Buffer) {
      asked.push(request.toString());
      await sleep(ms);
      return { status: 200, signature: 'signed', body: '' };
    },
    end() {},
  };
  return { asked, connection };
}

const requests = (count: number) => Array.from({ length: count }, (_, number) => Buffer.from(String(number)));
const once = { repeats: false, status: 200 };

test('what the warm-up sent is not sent again', async () => {
  const { asked, connection } = serverThatTakes(5);
  const { send, seen } = sender([connection, connection], requests(1_000), once);
  const [warm, measured] = [await send(0.05), await send(0.05)];
  expect(asked).toEqual(requests(asked.length).map(String));
  expect(warm.times.length + measured.times.length).toBe(asked.length);
  expect(measured.times.length).toBeGreaterThan(0);
  expect(seen).toMatchObject({ bad: 0, usedUp: false });
});

test('a run that had nothing left to send is told from one that was fast', async () => {
  const { connection } = serverThatTakes(1);
  const { send, seen } = sender([connection], requests(3), once);
  await send(1);
  expect(seen.usedUp).toBe(true);
});

test('requests that may come again never run out', async () => {
  const { asked, connection } = serverThatTakes(1);
  const { send, seen } = sender([connection], requests(1), { ...once, repeats: true });
  await send(0.05);
  expect(asked.length).toBeGreaterThan(1);
  expect(seen.usedUp).toBe(false);
});

test('in the open loop a late request has waited since it was due, and all that were due are sent', async () => {
  const { asked, connection } = serverThatTakes(40);
  const { send, seen } = sender([connection], requests(5), { ...once, rate: 50 });
  const { times } = await send(0.1);
  expect(asked).toHaveLength(5);
  expect(seen.usedUp).toBe(false);
  // Due after 80 ms, it is answered after 200 ms.
  expect(times.at(-1)).toBeGreaterThan(100);
});

test('a wrong answer to the warm-up counts as one', async () => {
  const { connection } = serverThatTakes(1);
  const { send, seen } = sender([connection], requests(1), { repeats: true, status: 400 });
  const { times } = await send(0.02);
  expect(seen.bad).toBe(times.length);
});
