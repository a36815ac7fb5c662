/**
 * Packages stay where npm puts them, and are audited there; of the schema library, which comes in many small files, the bundle takes
 * what is used.
 */
import { defineConfig } from 'tsdown';
import { server } from '../../tsdown.server.ts';

export default defineConfig({
  ...server,
  deps: { onlyBundle: ['zod'] },
  copy: [
    { from: 'src/page/*.css', to: 'dist/page' },
    { from: 'src/storage/migrations/*.sql', to: 'dist/migrations' },
  ],
});
