/** Counts signatures where they are made, in `node:crypto`: whoever asks for them, and however the modules between were loaded. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';

/**
 * For the tests of the block or file that calls it.
 *
 * @returns how many were asked for since the test began
 * @example const signed = countSignatures(); test('…', async () => { await sign(body, key); expect(signed()).toBe(1); });
 */
export function countSignatures(): () => number {
  const signing = vi.spyOn(crypto, 'sign');
  // What others imported by name is the same function only once this is told to them.
  beforeAll(syncBuiltinESMExports);
  beforeEach(() => void signing.mockClear());
  afterAll(() => {
    signing.mockRestore();
    syncBuiltinESMExports();
  });
  return () => signing.mock.calls.length;
}
