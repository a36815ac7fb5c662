/** compose.yaml as Docker would understand it, and the `.env` that the guide gives it for production. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url).pathname;

export interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly [name: string]: unknown;
}

export interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export const readComposition = (): Composition =>
  parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), { merge: true }) as Composition;

/**
 * What a service is started with.
 *
 * @param env - what `.env` says
 */
export const environmentOf = ({ environment = {} }: Service, env: NodeJS.Dict<string>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value, env)]));

const filledIn = (text: string, env: NodeJS.Dict<string>): string =>
  text.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, fallback: string) => env[name] || fallback);

/** The block of docs/guide/deploying.md. */
export function productionEnv(): NodeJS.Dict<string> {
  const guide = readFileSync(join(root, 'docs/guide/deploying.md'), 'utf8');
  const [, block] = /^```sh\n(WAFFO_ENVIRONMENT=production\n[\s\S]*?)^```/m.exec(guide) ?? [];
  if (block === undefined) throw new Error('the guide names no settings for production');
  return parseEnv(block);
}
