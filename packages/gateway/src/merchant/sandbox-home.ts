/**
 * The sandbox's two merchants and the files that tell clients how to reach them, mode 0600, written on first start and kept
 * stable: `$WAFFO_HOME/sandbox.json`, and `sandbox.env` for `Waffo.fromEnv()`. Production has neither.
 */
import { createPublicKey, generateKeyPair } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportPrivateKey, exportPublicKey, parsePrivateKey } from '@waffo/protocol/signature';
import type { Gateway } from '../gateway.ts';
import { newApiKey, newClientKey } from '../id.ts';
import { type Sql, statement } from '../storage/database.ts';
import { hasLiveKeys, hasTestKeys } from './key.store.ts';
import { registerMerchant } from './register.ts';

/** One merchant's entry; all that a client needs. */
export interface SandboxMerchant {
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  readonly demoUrl: string;
  readonly merchantId: string;
  readonly apiKey: string;
  /** Base64 of PKCS#8 DER, one line. */
  readonly merchantPrivateKey: string;
  /** Base64 of SubjectPublicKeyInfo DER, one line. */
  readonly waffoPublicKey: string;
  readonly clientApiKey: string;
}

/** The file: the ordinary merchant, and a PCI-certified one of the same shape. */
export interface SandboxFile extends SandboxMerchant {
  readonly pci: SandboxMerchant;
}

/** Several gateways that start on one home make one pair of merchants. The number is any, and the same for each of them. */
// Key pairs are made meanwhile, for which a busy machine may need longer than a transaction may be silent.
const oneAtATime = statement(
  'sandbox/ensure-once',
  `select set_config('idle_in_transaction_session_timeout', '120s', true), pg_advisory_xact_lock(4010002)`,
);

/** Whether any merchant may still use a key that a sandbox gave out. */
export const hasSandboxKeys = (sql: Sql): Promise<boolean> => hasTestKeys(sql);

/** Whether a production gateway ever gave out a key here: then the database is no sandbox's. */
export const hasProductionKeys = (sql: Sql): Promise<boolean> => hasLiveKeys(sql);

type Keys = Pick<SandboxMerchant, 'merchantId' | 'apiKey' | 'merchantPrivateKey' | 'clientApiKey'>;

/**
 * Makes the merchants on first start and registers them again on later ones, so that a new database gets them too.
 *
 * @param place.home - folder of the file
 * @param place.publicUrl - the gateway's origin, e.g. `http://127.0.0.1:4010`
 * @param place.demoUrl - the shop's origin
 * @returns what the file now says
 */
export function ensureSandbox(
  gateway: Pick<Gateway, 'database' | 'clock' | 'platformKeys'>,
  place: { readonly home: string; readonly publicUrl: string; readonly demoUrl: string },
): Promise<SandboxFile> {
  return gateway.database.transaction(async (tx) => {
    await tx.rows(oneAtATime);
    return ensure(gateway, place);
  });
}

async function ensure(
  gateway: Pick<Gateway, 'database' | 'clock' | 'platformKeys'>,
  place: Parameters<typeof ensureSandbox>[1],
): Promise<SandboxFile> {
  const path = join(place.home, 'sandbox.json');
  const known = await readKnown(path);
  const [main, pci] = await Promise.all([known ?? newKeys('M_SANDBOX_1'), known?.pci ?? newKeys('M_SANDBOX_PCI')]);
  const file: SandboxFile = {
    ...(await entry(gateway, main, { name: 'Sandbox shop', pciCertified: false }, place)),
    pci: await entry(gateway, pci, { name: 'Sandbox PCI merchant', pciCertified: true }, place),
  };
  await keep(path, `${JSON.stringify(file, undefined, 2)}\n`);
  await keep(join(place.home, 'sandbox.env'), environmentOf(file));
  return file;
}

async function keep(path: string, text: string): Promise<void> {
  if (text === (await readFile(path, 'utf8').catch(() => ''))) return;
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What `Waffo.fromEnv()` reads, and the key for the page. */
const environmentOf = (merchant: SandboxMerchant): string => `WAFFO_ENVIRONMENT=sandbox
WAFFO_BASE_URL=${merchant.baseUrl}
WAFFO_MERCHANT_ID=${merchant.merchantId}
WAFFO_API_KEY=${merchant.apiKey}
WAFFO_PRIVATE_KEY=${merchant.merchantPrivateKey}
WAFFO_PUBLIC_KEY=${merchant.waffoPublicKey}
WAFFO_CLIENT_API_KEY=${merchant.clientApiKey}
`;

async function readKnown(path: string): Promise<SandboxFile | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as SandboxFile);
}

async function newKeys(merchantId: string): Promise<Keys> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return {
    merchantId,
    apiKey: newApiKey('test'),
    merchantPrivateKey: exportPrivateKey(privateKey),
    clientApiKey: newClientKey('test'),
  };
}

async function entry(
  gateway: Pick<Gateway, 'database' | 'clock' | 'platformKeys'>,
  keys: Keys,
  facts: { name: string; pciCertified: boolean },
  place: { publicUrl: string; demoUrl: string },
): Promise<SandboxMerchant> {
  const { merchantId, apiKey, merchantPrivateKey, clientApiKey } = keys;
  await registerMerchant(gateway, {
    merchantId,
    ...facts,
    apiKey,
    clientApiKey,
    origins: [place.demoUrl],
    publicKey: createPublicKey(parsePrivateKey(merchantPrivateKey)),
  });
  const { publicKey } = await gateway.platformKeys.signerOf(merchantId);
  return {
    baseUrl: `${place.publicUrl}/api/v1`,
    demoUrl: place.demoUrl,
    merchantId,
    apiKey,
    merchantPrivateKey,
    waffoPublicKey: exportPublicKey(publicKey),
    clientApiKey,
  };
}
