/** Runs the shop as a process of its own, next to a gateway whose `sandbox.json` it reads. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSandboxFile } from './sandbox-file.ts';
import { type Shop, startShop } from './shop.ts';

const home = process.env.WAFFO_HOME?.trim() || '.waffo';
const operatorPort = process.env.WAFFO_OPERATOR_PORT?.trim();
const port = Number(process.env.WAFFO_DEMO_PORT?.trim() || '4020');

try {
  const sandbox = await readSandboxFile(join(home, 'sandbox.json'));
  const shop = await startShop({ sandbox, port, operator: await operatorIn(home, operatorPort) });
  stopWithParent(shop);
  if (process.send) process.send({ ready: true });
  else process.stdout.write(`The shop is at ${shop.url}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Whoever may read the gateway's home may move its clock, where the operator API is on. */
async function operatorIn(folder: string, at: string | undefined) {
  if (!at) return undefined;
  const key = await readFile(join(folder, 'operator.key'), 'utf8').catch(() => undefined);
  return key === undefined ? undefined : { url: `http://127.0.0.1:${at}`, key: key.trim() };
}

/** On a signal, and when the launcher that started it is gone. */
function stopWithParent(shop: Shop): void {
  const stop = async () => {
    await shop.stop();
    if (process.connected) process.disconnect();
  };
  for (const event of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(event, () => void stop());
}
