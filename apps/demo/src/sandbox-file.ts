/** `sandbox.json`, which a gateway writes on its first start: where it is, and the keys of its sandbox merchant. */
import { readFile } from 'node:fs/promises';

/** What the shop needs to be a merchant. */
export interface SandboxSettings {
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  readonly merchantId: string;
  readonly apiKey: string;
  /** Base64 of PKCS#8 DER. */
  readonly merchantPrivateKey: string;
  /** Base64 of SubjectPublicKeyInfo DER. */
  readonly waffoPublicKey: string;
  readonly clientApiKey: string;
}

const members = ['baseUrl', 'merchantId', 'apiKey', 'merchantPrivateKey', 'waffoPublicKey', 'clientApiKey'] as const;

/**
 * @param path - of the file
 * @throws Error that says what to do when the file is missing or lacks a member; it never repeats a key
 */
export async function readSandboxFile(path: string): Promise<SandboxSettings> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`The shop found no ${path}. Start the gateway first; it writes this file.`);
  });
  const file = JSON.parse(text) as Partial<Record<(typeof members)[number], unknown>>;
  const missing = members.filter((name) => typeof file[name] !== 'string' || file[name] === '');
  if (missing.length > 0)
    throw new Error(`${path} lacks ${missing.join(', ')}. Delete it and start the gateway again.`);
  return file as SandboxSettings;
}
