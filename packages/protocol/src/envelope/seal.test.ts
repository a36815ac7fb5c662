import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import vectors from '../../vectors/envelope.json' with { type: 'json' };
import { EnvelopeError } from './error.ts';
import { seal } from './seal.ts';

const { sessionId } = vectors.session;
const card = { pan: '4111111111111111', expiry: '12/2028', cvv: '123', name: 'TEST USER' };

describe('sealing', () => {
  test('writes five parts, of a length that says nothing of the card', async () => {
    const jwes = await Promise.all(vectors.records.valid.map((row) => seal(sessionId, row.card)));
    expect(jwes.map((jwe) => jwe.split('.').map((part) => part.length))).toEqual(
      jwes.map(() => [expect.any(Number), 0, 16, 342, 22]),
    );
    expect(new Set(jwes.map((jwe) => jwe.length)).size).toBe(1);
  });

  test('never uses a key or an iv twice', async () => {
    const jwes = await Promise.all(Array.from({ length: 50 }, () => seal(sessionId, card)));
    for (const part of [0, 2, 3, 4]) expect(new Set(jwes.map((jwe) => jwe.split('.')[part])).size).toBe(50);
  });

  test('refuses a session id that is none, before it makes a key', async () => {
    await expect(seal('tsess_', card)).rejects.toThrow(EnvelopeError);
  });

  test('names the member that does not fit, and never repeats it', async () => {
    await expect(seal(sessionId, { ...card, pan: '4111 1111 1111 1111' })).rejects.toThrow(
      /^pan: give 12 to 19 digits$/,
    );
  });

  test('fails with a clear sentence in a page without HTTPS, rather than send the card otherwise', async () => {
    vi.stubGlobal('crypto', {});
    try {
      await expect(seal(sessionId, card)).rejects.toThrow(/over HTTPS/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  // In a process of its own: what runs the tests needs Node while a card is sealed.
  test('needs nothing of Node', async () => {
    const script = `
      const { seal } = await import(${JSON.stringify(new URL('seal.ts', import.meta.url).href)});
      for (const name of ['Buffer', 'process', 'global', 'require', 'setImmediate']) delete globalThis[name];
      console.log(typeof process, typeof Buffer, await seal(${JSON.stringify(sessionId)}, ${JSON.stringify(card)}));`;
    const node = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, node);
    expect(stdout).toMatch(/^undefined undefined [\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });
});
