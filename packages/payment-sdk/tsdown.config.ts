/** Two shapes of one file: an ES module with its types, and a script for a `<script>` tag that sets `WaffoSDK`. */
import { defineConfig } from 'tsdown';

const shared = {
  entry: { index: 'src/index.ts' },
  platform: 'browser' as const,
  target: 'es2022',
  sourcemap: true,
  minify: true,
};

export default defineConfig([
  {
    ...shared,
    format: 'esm',
    dts: { eager: true, sourcemap: false },
    outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
  },
  {
    ...shared,
    entry: { 'waffo-payment-sdk': 'src/index.ts' },
    format: 'iife',
    globalName: 'WaffoSDK',
    dts: false,
    clean: false,
    outputOptions: { entryFileNames: '[name].js' },
  },
  // Of the gateway's own checkout page; not published.
  {
    ...shared,
    entry: { checkout: 'src/checkout.ts' },
    format: 'iife',
    sourcemap: false,
    dts: false,
    clean: false,
    outputOptions: { entryFileNames: '[name].js' },
  },
]);
