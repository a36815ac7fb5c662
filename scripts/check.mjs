/** `npm run check`: format, lint, types, architecture rules, generated files, unused code, bundle size, packages. */
import './steps/node-version.mjs';
import { build } from './steps/build.mjs';
import { runChecks } from './steps/checks.mjs';
import { install } from './steps/install.mjs';
import { fail } from './steps/progress.mjs';

try {
  await install();
  await build();
  for (const { error } of await runChecks({ architecture: true })) fail(error);
} catch (error) {
  fail(error);
}
