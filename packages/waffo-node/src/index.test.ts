/** The package as a stranger installs it: built, copied out of this tree, and used with nothing else installed. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exportPrivateKey, exportPublicKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const home = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
let stranger = '';

beforeAll(async () => {
  stranger = await realpath(await mkdtemp(join(tmpdir(), 'waffo-stranger-')));
  const installed = join(stranger, 'node_modules/@waffo/waffo-node');
  await mkdir(installed, { recursive: true });
  const tsdown = join(dirname(require.resolve('tsdown/package.json')), 'dist/run.mjs');
  await run(process.execPath, [tsdown, '--out-dir', join(installed, 'dist')], { cwd: home });
  await cp(join(home, 'package.json'), join(installed, 'package.json'));
}, 120_000);
afterAll(() => rm(stranger, { recursive: true, force: true }));

/** Puts a file beside the installed package and runs it. */
async function runFile(name: string, text: string, env: Record<string, string> = {}): Promise<unknown> {
  await writeFile(join(stranger, name), text);
  const { stdout } = await run(process.execPath, [name], { cwd: stranger, env: { PATH: process.env.PATH, ...env } });
  return JSON.parse(stdout);
}

test('names no package that would have to be installed', async () => {
  const { dependencies, peerDependencies, optionalDependencies } = require('../package.json');
  expect({ dependencies, peerDependencies, optionalDependencies }).toEqual({});
  const dist = join(stranger, 'node_modules/@waffo/waffo-node/dist');
  const texts = (await readdir(dist))
    .filter((name) => !name.endsWith('.map'))
    .map((name) => readFile(join(dist, name), 'utf8'));
  const imported = (await Promise.all(texts)).flatMap((text) =>
    [...text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s*["']([^"']+)["']|\brequire\(["']([^"']+)["']\)/gm)].map(
      ([, from, required]) => from ?? required,
    ),
  );
  expect(imported).toContain('node:crypto');
  expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([]);
});

describe.each([
  ['import', 'use.mjs', "import * as sdk from '@waffo/waffo-node';"],
  ['require', 'use.cjs', "const sdk = require('@waffo/waffo-node');"],
])('with %s', (_, file, load) => {
  test('it has its public names', async () => {
    expect(await runFile(`names-${file}`, `${load}\nconsole.log(JSON.stringify(Object.keys(sdk).sort()));`)).toEqual([
      'Waffo',
      'WaffoError',
      'WaffoUnknownStatusError',
      'faults',
      'retryAdvice',
      'signWebhookForTest',
    ]);
  });

  test('it makes a signed call and verifies the answer', async () => {
    const server = createServer(async (_request, response) => {
      const body = JSON.stringify({ code: 'A0037', msg: 'The token is invalid', data: null });
      response.writeHead(400, { 'x-signature': await sign(Buffer.from(body), platform.privateKey) }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const work = `sdk.Waffo.fromEnv().tokenization().remove({ tokenId: 'tok_x' }).then((response) => {
        try { response.unwrap(); } catch (error) { console.log(JSON.stringify([error instanceof sdk.WaffoError, error])); }
      });`;
      const env = {
        WAFFO_API_KEY: 'k',
        WAFFO_PRIVATE_KEY: exportPrivateKey(merchant.privateKey),
        WAFFO_PUBLIC_KEY: exportPublicKey(platform.publicKey),
        WAFFO_ENVIRONMENT: 'sandbox',
        WAFFO_MERCHANT_ID: 'M1',
        WAFFO_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      };
      const told = await runFile(file, `${load}\n${work}`, env);
      expect(told).toMatchObject([true, { code: 'A0037', retry: 'never', httpStatus: 400 }]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('its examples', () => {
  /** What the examples take for granted. */
  const taken = `
    import type { OrderCreateRequest, Params, Waffo as Client, Webhook } from '@waffo/waffo-node';
    declare global {
      const waffo: Client;
      const webhook: Webhook;
      const params: Params<OrderCreateRequest>;
      const request: Parameters<ReturnType<Client['tokenization']>['generate']>[0];
      const paymentRequestId: string;
      const refundRequestId: string;
      const acquiringOrderId: string;
      const subscriptionId: string;
      const subscriptionRequest: string;
      const originSubscriptionRequest: string;
      const tokenId: string;
      const testPrivateKey: string;
      function askForAnotherCard(): void;
      function showPending(paymentRequestId: string): void;
      function saveToken(tokenRequestId: string, tokenId: string | undefined, tokenStatus: string): Promise<void>;
      function store(requestId: string): Promise<void>;
      function changed(subscriptionId: string, subscriptionChangeStatus: string): Promise<void>;
      function grant(subscriptionId: string, subscriptionStatus: string): Promise<void>;
      function extend(subscriptionId: string, currentPeriod: string | undefined): Promise<void>;
      function settle(paymentRequestId: string, orderStatus: string): Promise<void>;
      function settleRefund(refundRequestId: string, refundStatus: string): Promise<void>;
      interface Answer { status(code: number): Answer; set(headers: Record<string, string>): Answer; send(body: string): void }
      interface Incoming { body: Buffer; headers: Record<string, string | string[] | undefined> }
      const express: { raw(options: { type: () => boolean }): unknown };
      const app: { post(path: string, parser: unknown, handle: (request: Incoming, response: Answer) => Promise<void>): void };
    }`;
  const imports = `
    import { Waffo, WaffoError, WaffoUnknownStatusError, retryAdvice, signWebhookForTest } from '@waffo/waffo-node';
    import { generateKeyPairSync } from 'node:crypto';`;

  async function examples(): Promise<string[]> {
    const sources = (await readdir(join(home, 'src'))).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const texts = await Promise.all(sources.map((name) => readFile(join(home, 'src', name), 'utf8')));
    const docstrings = texts.flatMap((text) => [
      ...text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*?@example\s((?:(?!\*\/)[\s\S])*)\*\//g),
    ]);
    const readme = (await readFile(join(home, 'README.md'), 'utf8')).matchAll(/```ts\n([\s\S]*?)```/g);
    return [
      ...docstrings.map(([, example = '']) => example.replace(/^\s*\* ?/gm, '')),
      ...[...readme].map(([, example = '']) => example.replace(/^import .*$/gm, '')),
    ];
  }

  test.each(['esnext module', 'commonjs'])(
    'compile under the strictest settings, as %s, without the protocol',
    async (kind) => {
      const folder = join(stranger, kind === 'commonjs' ? 'cjs' : 'esm');
      await mkdir(folder, { recursive: true });
      const list = await examples();
      expect(list.length).toBeGreaterThan(12);
      await writeFile(
        join(folder, 'package.json'),
        JSON.stringify({ type: kind === 'commonjs' ? 'commonjs' : 'module' }),
      );
      await writeFile(join(folder, 'taken.d.ts'), taken);
      await Promise.all(
        list.map((text, index) =>
          writeFile(join(folder, `example-${index}.ts`), `${imports}\nexport async function example() {\n${text}\n}\n`),
        ),
      );
      const compilerOptions = {
        target: 'es2023',
        lib: ['es2023'],
        module: 'node20',
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [dirname(dirname(require.resolve('@types/node/package.json')))],
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      const tsc = require.resolve('typescript/bin/tsc');
      const { stdout } = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error) => error);
      expect(stdout).toBe('');
    },
    120_000,
  );
});
