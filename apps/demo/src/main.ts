/** Runs the shop as a process of its own, next to a gateway whose `sandbox.json` it reads. */
import { join } from 'node:path';
import { readSandboxFile } from './sandbox-file.ts';
import { type Shop, startShop } from './shop.ts';

const home = process.env.WAFFO_HOME?.trim() || '.waffo';
const port = Number(process.env.WAFFO_DEMO_PORT?.trim() || '4020');

try {
  const shop = await startShop({ sandbox: await readSandboxFile(join(home, 'sandbox.json')), port });
  stopWithParent(shop);
  if (process.send) process.send({ ready: true });
  else process.stdout.write(`The shop is at ${shop.url}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** On a signal, and when the launcher that started it is gone. */
function stopWithParent(shop: Shop): void {
  const stop = async () => {
    await shop.stop();
    if (process.connected) process.disconnect();
  };
  for (const event of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(event, () => void stop());
}
