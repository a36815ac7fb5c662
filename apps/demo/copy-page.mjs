/** Puts the page's files beside the compiled server; browsers load them as they are written. */
import { cp, rm } from 'node:fs/promises';

const page = new URL('dist/page/', import.meta.url);
await rm(page, { recursive: true, force: true });
await cp(new URL('src/page/', import.meta.url), page, {
  recursive: true,
  filter: (path) => !/\.test\.ts$|\.d\.ts$|\.json$/.test(path),
});
