/** Browsers load the page's files as they are written. */
import { defineConfig } from 'tsdown';
import { server } from '../../tsdown.server.ts';

export default defineConfig({
  ...server,
  copy: [{ from: 'src/page/*.{html,css,js,svg}', to: 'dist/page' }],
});
