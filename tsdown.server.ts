/** How our servers are built: one file, which loads faster than many (docs/decisions/0037), and beside it what is read as it is. */
import type { UserConfig } from 'tsdown';

export const server: UserConfig = {
  entry: { main: 'src/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  dts: false,
  outExtensions: () => ({ js: '.js' }),
};
