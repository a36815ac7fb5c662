/** The server as one file. Browsers load the page's files as they are written. */
import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { main: 'src/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  dts: false,
  outExtensions: () => ({ js: '.js' }),
  copy: [{ from: 'src/page/*.{html,css,js,svg}', to: 'dist/page' }],
});
