/** What a stranger does first: one command, in an empty home; then once more; then twice at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url).pathname;
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'waffo-start-'));
});
afterAll(async () => {
  for (const started of all) await stop(started);
  await rm(home, { recursive: true, force: true });
});

const anyPorts = { WAFFO_PORT: '0', WAFFO_OPERATOR_PORT: '0', WAFFO_DEMO_PORT: '0' };
const all: Started[] = [];

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  /** Milliseconds from the command to the shop's URL. */
  readonly readyMs: number;
}

async function npmStart(settings: Record<string, string> = {}): Promise<Started> {
  const since = performance.now();
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', WAFFO_HOME: home, ...anyPorts, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = new Promise<'ready'>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      if (/Shop +http/.test(output)) resolve('ready');
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([ready, ended]);
  const started = { child, output: () => output, ended, readyMs: performance.now() - since };
  all.push(started);
  return started;
}

async function stop({ child, ended }: Started): Promise<number | null> {
  child.kill('SIGINT');
  return ended;
}

const sandbox = async () => JSON.parse(await readFile(join(home, 'sandbox.json'), 'utf8'));

describe.sequential('npm start', () => {
  let first: Record<string, string>;

  test('brings up gateway and shop, and writes the keys for their owner only', async () => {
    const started = await npmStart();
    expect(started.output()).toMatch(/PostgreSQL 18.* \(embedded\)/);
    expect(started.output()).toContain('4111 1111 1111 1111');
    first = await sandbox();
    for (const name of ['sandbox.json', 'sandbox.env', 'kek']) {
      expect((await stat(join(home, name))).mode & 0o777).toBe(0o600);
    }
    expect(first.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/);
    const origin = String(first.baseUrl).replace('/api/v1', '');
    for (const path of ['/health/live', '/health/ready']) expect((await fetch(`${origin}${path}`)).status).toBe(200);
    expect((await fetch(String(first.demoUrl))).status).toBe(200);
    expect(await stop(started)).toBe(0);
    await expect(fetch(`${origin}/health/live`)).rejects.toThrow();
    await expect(stat(join(home, 'database', 'postmaster.pid'))).rejects.toThrow();
  });

  test('is ready again within two seconds, with the same merchants and keys', async () => {
    const started = await npmStart();
    const again = await sandbox();
    for (const name of ['merchantId', 'apiKey', 'merchantPrivateKey', 'waffoPublicKey', 'clientApiKey']) {
      expect(again[name], name).toBe(first[name]);
      expect(again.pci[name], `pci.${name}`).toBe((first.pci as unknown as Record<string, string>)[name]);
    }
    const body = Buffer.from(JSON.stringify({ merchantInfo: { merchantId: again.merchantId }, merchantUserId: 'u' }));
    const signature = await sign(body, parsePrivateKey(again.merchantPrivateKey));
    const headers = { 'content-type': 'application/json', 'x-api-key': again.apiKey, 'x-signature': signature };
    const response = await fetch(`${again.baseUrl}/tokenization/inquiry`, { method: 'POST', body, headers });
    const raw = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(verify(raw, String(response.headers.get('x-signature')), parsePublicKey(again.waffoPublicKey))).toBe(true);
    expect(await stop(started)).toBe(0);
    expect(started.readyMs).toBeLessThan(2_000);
  });

  test('refuses a second gateway on the same home with one sentence that names the first', async () => {
    const started = await npmStart();
    const second = await npmStart();
    expect(await second.ended).not.toBe(0);
    expect(second.output()).toMatch(/another gateway .*pid \d+/);
    expect(second.output()).not.toMatch(/at .*\.[jt]s:\d+/);
    const { baseUrl, demoUrl } = await sandbox();
    const third = await npmStart({ WAFFO_DEMO_PORT: new URL(demoUrl).port });
    expect(await third.ended).not.toBe(0);
    expect(third.output()).toContain(`It runs already: the shop is at ${demoUrl}`);
    expect((await fetch(`${String(baseUrl).replace('/api/v1', '')}/health/ready`)).status).toBe(200);
    expect(await stop(started)).toBe(0);
  });

  test('refuses to start without the key file that sealed its database, and makes no other', async () => {
    const key = await readFile(join(home, 'kek'));
    await rm(join(home, 'kek'));
    const started = await npmStart();
    expect(await started.ended).not.toBe(0);
    expect(started.output()).toMatch(/the key file .*kek is missing/);
    await expect(stat(join(home, 'kek'))).rejects.toThrow();
    await writeFile(join(home, 'kek'), key, { mode: 0o600 });
  });

  test('says which setting to change when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const started = await npmStart({ WAFFO_PORT: String(port) });
    expect(await started.ended).not.toBe(0);
    expect(started.output()).toMatch(/WAFFO_PORT/);
    taken.close();
  });
});
