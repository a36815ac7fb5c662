/** What supervisors are told: whether the gateway can work, and how it does. */
import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goodForMs } from '../../packages/gateway/src/vault/kek-watch.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const ready = async () => {
  const response = await fetch(`${gateway.url}/health/ready`);
  return { status: response.status, ...((await response.json()) as { checks: Record<string, string> }) };
};
const run = (text: string) => gateway.database.rows({ name: `test/${text.slice(0, 40)}`, text });
const well = { database: 'ok', migrations: 'ok', keys: 'ok', queue: 'ok' };

describe('readiness', () => {
  test('depends on the database, its schema, the keys and the queue', async () => {
    expect(await ready()).toEqual({ status: 'ready', checks: well });
  });

  test('is not there while the schema is older than the code', async () => {
    const rows = await gateway.database.rows<{ version: number }>({
      name: 'test/newest',
      text: 'select max(version) as version from migration',
    });
    const newest = rows[0]?.version ?? 0;
    await run(`update migration set version = -1 where version = ${newest}`);
    expect(await ready()).toEqual({ status: 'unavailable', checks: { ...well, migrations: 'failed' } });
    await run(`update migration set version = ${newest} where version = -1`);
    expect(await ready()).toEqual({ status: 'ready', checks: well });
  });

  test('sends nobody to look for keys or migrations while it is the database that is away', async () => {
    await gateway.travel(goodForMs);
    const asked = { migrations: expect.stringMatching(/ok|unknown/), queue: 'unknown', keys: expect.anything() };
    const answer = await gateway.database.whileUnreachable(ready);
    expect(answer).toMatchObject({ status: 'unavailable', checks: { database: 'failed', ...asked } });
    expect(Object.values(answer.checks).filter((health) => health === 'failed')).toHaveLength(1);
  });

  describe('is not there while the key file', () => {
    const keyFile = () => join(gateway.app.gateway.config.home, 'kek');
    const away = () => `${keyFile()}.away`;
    const failed = { status: 'unavailable', checks: { ...well, keys: 'failed' } };

    test.each([
      ['is away', async () => {}],
      ['is another', () => writeFile(keyFile(), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })],
      ['holds no key', () => writeFile(keyFile(), 'nothing\n', { mode: 0o600 })],
    ])('%s, and is there again as soon as it is back', async (_, replace) => {
      expect(await ready()).toEqual({ status: 'ready', checks: well });
      await rename(keyFile(), away());
      await replace();
      try {
        await gateway.travel(goodForMs);
        expect(await ready()).toEqual(failed);
        // What was held before is not given up for what a probe has found.
        await gateway.bind();
        expect(await ready()).toEqual(failed);
      } finally {
        await rm(keyFile(), { force: true });
        await rename(away(), keyFile());
      }
      expect(await ready()).toEqual({ status: 'ready', checks: well });
    });

    test('is open to others, as it would be refused at a start', async () => {
      await chmod(keyFile(), 0o644);
      await gateway.travel(goodForMs);
      expect(await ready()).toEqual(failed);
      await chmod(keyFile(), 0o600);
      expect(await ready()).toEqual({ status: 'ready', checks: well });
    });
  });

  test('tells of work that nobody does, and keeps no caller away for it', async () => {
    const due = new Date(gateway.clock.now().getTime() - 61_000).toISOString();
    await run(
      `insert into job (merchant_id, kind, payload, due_at, created_at) values ('M', 'of/nobody', '{}', '${due}', '${due}')`,
    );
    expect(await ready()).toEqual({ status: 'ready', checks: { ...well, queue: 'late' } });
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/^waffo_queue_lag_seconds 6\d/m);
    await run(`delete from job where kind = 'of/nobody'`);
  });
});

describe('figures', () => {
  test('count calls by operation and code, and jobs by kind, and name nobody', async () => {
    await gateway.bind();
    await gateway.settle();
    await gateway.call('/tokenization/inquiry', { tokenId: 'tok_nobody_has_this_one' });
    await fetch(`${gateway.url}/subscription/S_nobody/secret`);
    const response = await fetch(`${gateway.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(/waffo_requests_total\{operation="\/tokenization\/generate",code="0"\} [1-9]/);
    expect(text).toMatch(/waffo_jobs_total\{job="webhook\/deliver",outcome="done"\} [1-9]/);
    expect(text).toMatch(/waffo_acquirer_calls_total\{connector="sandbox",verb="verify",outcome="approved"\} [1-9]/);
    expect(text).toMatch(/waffo_pages_total\{page="GET \/subscription\/:subscriptionId\/:secret",status="404"\} 1/);
    expect(text).not.toContain(gateway.merchant.merchantId);
    expect(text.split('\n').filter((line) => line.startsWith('waffo_')).length).toBeLessThan(1_000);
  });

  test('are shown to nobody where they are switched off', async () => {
    const silent = await startTestGateway({ WAFFO_METRICS: 'off' });
    try {
      expect((await fetch(`${silent.url}/metrics`)).status).toBe(404);
    } finally {
      await silent.stop();
    }
  });
});
