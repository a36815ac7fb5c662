import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inGroups } from './groups.ts';

/** A call that is under way until it is told to end. */
function callIn(inGroup: ReturnType<typeof inGroups>, name: string, setOut: string[]) {
  let end: (error?: Error) => void = () => {};
  const ended = inGroup(async () => {
    setOut.push(name);
    await new Promise<void>((resolve, reject) => {
      end = (error) => (error === undefined ? resolve() : reject(error));
    });
    return name;
  });
  return { ended, end: (error?: Error) => end(error) };
}

/** What was due in this turn of the event loop and the next has been done. */
async function settled(): Promise<void> {
  await turn();
  await turn();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('lets a call that finds nobody on the way set out at once', async () => {
  const setOut: string[] = [];
  const inGroup = inGroups();
  const first = callIn(inGroup, 'first', setOut);
  await settled();
  expect(setOut).toEqual(['first']);
  first.end();
  await expect(first.ended).resolves.toBe('first');
  const later = callIn(inGroup, 'later', setOut);
  await settled();
  expect(setOut).toEqual(['first', 'later']);
  later.end();
  await later.ended;
});

it('lets all who came meanwhile set out together, in their order, when the last one on the way is back', async () => {
  const setOut: string[] = [];
  const inGroup = inGroups();
  const onTheWay = [callIn(inGroup, 'a', setOut), callIn(inGroup, 'b', setOut)];
  await settled();
  expect(setOut).toEqual(['a', 'b']);
  const meanwhile = ['c', 'd', 'e'].map((name) => callIn(inGroup, name, setOut));
  onTheWay[0]?.end();
  await settled();
  expect(setOut).toEqual(['a', 'b']);
  onTheWay[1]?.end();
  await settled();
  expect(setOut).toEqual(['a', 'b', 'c', 'd', 'e']);
  for (const { end } of meanwhile) end();
  await Promise.all([...onTheWay, ...meanwhile].map(({ ended }) => ended));
});

it('lets nobody wait longer than 20 ms for one who waits for an acquirer', async () => {
  const setOut: string[] = [];
  const inGroup = inGroups();
  const slow = callIn(inGroup, 'slow', setOut);
  await settled();
  const next = callIn(inGroup, 'next', setOut);
  vi.advanceTimersByTime(19);
  await settled();
  expect(setOut).toEqual(['slow']);
  vi.advanceTimersByTime(1);
  await settled();
  expect(setOut).toEqual(['slow', 'next']);
  // The slow one comes back while the next is on the way: those who wait for that one go on waiting.
  slow.end();
  const third = callIn(inGroup, 'third', setOut);
  await settled();
  expect(setOut).toEqual(['slow', 'next']);
  next.end();
  await settled();
  expect(setOut).toEqual(['slow', 'next', 'third']);
  third.end();
  await Promise.all([slow.ended, next.ended, third.ended]);
});

it('does not let a crowd wait: 24 set out whoever is on the way', async () => {
  const setOut: string[] = [];
  const inGroup = inGroups();
  const slow = callIn(inGroup, 'slow', setOut);
  await settled();
  const crowd = Array.from({ length: 23 }, (_, number) => callIn(inGroup, `${number}`, setOut));
  await settled();
  expect(setOut).toHaveLength(1);
  const last = callIn(inGroup, 'last', setOut);
  await settled();
  expect(setOut).toHaveLength(25);
  for (const { end } of [slow, ...crowd, last]) end();
  await Promise.all([slow, ...crowd, last].map(({ ended }) => ended));
});

it('lets the next set out when a call fails, and tells its caller why', async () => {
  const setOut: string[] = [];
  const inGroup = inGroups();
  const failing = callIn(inGroup, 'failing', setOut);
  const failed = expect(failing.ended).rejects.toThrow('no such order');
  await settled();
  const next = callIn(inGroup, 'next', setOut);
  failing.end(new Error('no such order'));
  await failed;
  await settled();
  expect(setOut).toEqual(['failing', 'next']);
  next.end();
  await next.ended;
});
