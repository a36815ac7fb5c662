/** `npm run build`: what changed since the last build, or everything with `--force`. */
import './steps/node-version.mjs';
import { rm } from 'node:fs/promises';
import { build, stampFolder } from './steps/build.mjs';
import { install } from './steps/install.mjs';
import { fail } from './steps/progress.mjs';

try {
  await install();
  if (process.argv.includes('--force')) await rm(stampFolder, { recursive: true, force: true });
  const built = await build();
  if (built.length === 0) console.log('  Everything is built. Build it anyway: npm run build -- --force');
} catch (error) {
  fail(error);
}
