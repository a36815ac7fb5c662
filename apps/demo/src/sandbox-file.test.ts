import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSandboxFile } from './sandbox-file.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'waffo-demo-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('a missing file is answered with what to do', async () => {
  await expect(readSandboxFile(join(home, 'none.json'))).rejects.toThrow(/Start the gateway first/);
});

test('a file that lacks members is named with them, and with none of its keys', async () => {
  const path = join(home, 'sandbox.json');
  await writeFile(path, JSON.stringify({ baseUrl: 'http://127.0.0.1:4010/api/v1', apiKey: 'wk_test_1' }));
  const reading = readSandboxFile(path);
  await expect(reading).rejects.toThrow(/lacks merchantId, merchantPrivateKey, waffoPublicKey, clientApiKey/);
  await expect(reading).rejects.not.toThrow(/wk_test_1/);
});
