/** Holds the files that shoppers load to 8 kB gzip each, and prints the script's integrity hash for merchants' pages. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const limitBytes = 8_000;

for (const name of ['index.js', 'waffo-payment-sdk.js']) {
  const file = await readFile(new URL(`dist/${name}`, import.meta.url));
  const size = gzipSync(file, { level: 9 }).length;
  const verdict = size > limitBytes ? `TOO LARGE, the limit is ${limitBytes}` : `of ${limitBytes}`;
  console.log(`dist/${name}  ${size} bytes gzip  ${verdict}`);
  if (size > limitBytes) process.exitCode = 1;
}

const script = await readFile(new URL('dist/waffo-payment-sdk.js', import.meta.url));
console.log(`integrity="sha384-${createHash('sha384').update(script).digest('base64')}"`);
