import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTestGateway } from '../../../../test/kit/gateway.ts';
import { ensureSandbox } from './sandbox-home.ts';

/** Longer than a transaction may be silent. */
const busyMs = 3_500;

test('a machine that takes seconds to make keys loses neither its start nor its turn', async () => {
  const started = await startTestGateway();
  const home = await mkdtemp(join(tmpdir(), 'waffo-sandbox-'));
  try {
    const { gateway } = started.app;
    const { platformKeys } = gateway;
    const slow = {
      ...platformKeys,
      ensure: (merchantId: string) => sleep(busyMs).then(() => platformKeys.ensure(merchantId)),
    };
    const place = { home, publicUrl: 'http://127.0.0.1:1', demoUrl: 'http://127.0.0.1:2' };
    const file = await ensureSandbox({ ...gateway, platformKeys: slow }, place);
    expect(file).toMatchObject({ merchantId: 'M_SANDBOX_1', pci: { merchantId: 'M_SANDBOX_PCI' } });
    expect(await ensureSandbox(gateway, place)).toEqual(file);
  } finally {
    await started.stop();
    await rm(home, { recursive: true, force: true });
  }
});
