import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startProgress } from './progress.ts';

async function watch(terminal: boolean): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY: terminal, columns: 100 });
  const progress = startProgress({ noun: 'cards', total: 200, stream, everyMs: 30 });
  for (let done = 0; done <= 200; done += 20) {
    progress.update(done);
    await sleep(20);
  }
  progress.end();
  return String(stream.read() ?? '');
}

test('a log gets whole plain lines, with the count, the rate and the time left, and no control characters', async () => {
  const text = await watch(false);
  const lines = text.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(line).toMatch(/^ {2}\d+ % {2}\d+ of 200 cards( {2}[\d.]+\/s {2}\d+ s left)?$/);
  expect(text).toMatch(/\/s {2}\d+ s left\n/);
  expect(lines.at(-1)).toMatch(/^ {2}100 % {2}200 of 200 cards$/);
});

test('a terminal gets one bar that ends full', async () => {
  const text = await watch(true);
  expect(text).toContain('░');
  expect(text).toContain(`${'█'.repeat(24)} 100 %  200 of 200 cards`);
  expect(text.match(/\n/g)?.length).toBe(1);
});
