import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listenForSilence, type Silence } from './silence.ts';

const longMs = 3_600_000;
/** What the page of operation promises, less the time to sign an answer. */
const noticedWithinMs = 1_600;

let silence: Silence;
let answer: string | undefined;
let asked: Buffer[];
let closeAll: () => void;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  answer = undefined;
  asked = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      asked.push(chunk);
      if (answer !== undefined) socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  silence = listenForSilence({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  closeAll = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
});
afterEach(() => {
  silence.stop();
  closeAll();
  vi.useRealTimers();
});

/** Lets the watch's time pass, and gives the sockets theirs. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100);
    for (let turns = 0; turns < 20; turns++) await turn();
  }
}
const until = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !isSo(); tries++) await pass(100);
};

function lines(count: number) {
  const given: number[] = [];
  const opened = Array.from({ length: count }, (_, at) => silence.open(() => given.push(at)));
  return { given, opened: opened as [(typeof opened)[0], ...typeof opened] };
}

describe('on a silent road', () => {
  test('all are given up in time when one waits, the idle ones too, and nobody is given up twice', async () => {
    const { given, opened } = lines(3);
    opened[0].asked(longMs);
    await pass(1_300);
    expect(given).toEqual([]);
    await pass(noticedWithinMs - 1_300);
    expect(given).toEqual([0, 1, 2]);
    expect(silence.isSilent()).toBe(true);
    await pass(5_000);
    expect(given).toEqual([0, 1, 2]);
  });

  test('the server is asked on until it answers', async () => {
    lines(1).opened[0].asked(longMs);
    await pass(noticedWithinMs);
    answer = 'N';
    await until(() => !silence.isSilent());
    expect(silence.isSilent()).toBe(false);
    expect(asked.every((question) => question.equals(Buffer.from('0000000804d2162f', 'hex')))).toBe(true);
  });

  test('nobody is asked for who waits for nothing', async () => {
    const { given, opened } = lines(2);
    opened[0].asked(longMs);
    opened[0].answered();
    await pass(5_000);
    expect([given, asked]).toEqual([[], []]);
  });
});

describe('a slow server is not a silent one', () => {
  test('when it answers the question', async () => {
    answer = 'N';
    const { given, opened } = lines(2);
    opened[0].asked(longMs);
    await until(() => asked.length > 3);
    expect(asked.length).toBeGreaterThan(3);
    expect([given, silence.isSilent()]).toEqual([[], false]);
  });

  test('when it answers anybody else meanwhile', async () => {
    const { given, opened } = lines(2);
    opened[0].asked(longMs);
    for (let tenth = 0; tenth < 40; tenth++) {
      opened[1]?.asked(longMs);
      await pass(100);
      opened[1]?.answered();
    }
    expect([given, silence.isSilent()]).toEqual([[], false]);
  });

  test('but who has waited as long as he wanted is given up, alone', async () => {
    answer = 'N';
    const { given, opened } = lines(2);
    opened[0].asked(2_000);
    opened[1]?.asked(longMs);
    await pass(2_100);
    expect([given, silence.isSilent()]).toEqual([[0], false]);
  });
});
