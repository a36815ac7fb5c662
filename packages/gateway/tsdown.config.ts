/**
 * One file, which loads faster than many (docs/decisions/0037), and beside it what it reads as it is. Packages stay where npm
 * puts them, and are audited there; of the schema library, which comes in many small files, the bundle takes what is used.
 */
import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { main: 'src/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  dts: false,
  deps: { onlyBundle: ['zod'] },
  inputOptions: { resolve: { conditionNames: ['source', 'import', 'default'] } },
  outExtensions: () => ({ js: '.js' }),
  copy: [
    { from: 'src/page/*.css', to: 'dist/page' },
    { from: 'src/storage/migrations/*.sql', to: 'dist/migrations' },
  ],
});
