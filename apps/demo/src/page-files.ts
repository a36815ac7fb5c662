/** The files that a browser may fetch, read once. Everything else does not exist. The policy allows no inline script or style. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const names = [
  'index.html',
  'shop.css',
  'shop.js',
  'api.js',
  'card-form.js',
  'card-rules.js',
  'element.js',
  'icon.svg',
  'membership.js',
  'notice.js',
  'orders.js',
  'saved-cards.js',
  'test-cards.js',
  'webhooks.js',
  'welcome.js',
];

const sdkFile = 'waffo-payment-sdk.js';

/**
 * @returns files by URL path; the browser SDK is the very file that its package ships
 * @throws Error that says what to build when the SDK is not built
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const body = await readFile(new URL(`page/${name}`, import.meta.url));
    files.set(name === 'index.html' ? '/' : `/${name}`, { type: types[extname(name)] ?? '', body });
  }
  files.set(`/${sdkFile}`, { type: types['.js'] ?? '', body: await readSdk() });
  return files;
}

async function readSdk(): Promise<Buffer> {
  try {
    const entry = createRequire(import.meta.url).resolve('@waffo/payment-sdk');
    return await readFile(join(dirname(entry), '..', 'dist', sdkFile));
  } catch {
    throw new Error('The browser SDK is not built. Run: npm run build -w @waffo/payment-sdk');
  }
}

/**
 * Headers of every answer.
 *
 * @param gatewayUrl - the only other origin that the page may talk to: the card goes there
 */
export const securityHeaders = (gatewayUrl: string): Record<string, string> => ({
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(gatewayUrl).origin}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
});
