/**
 * Settings, read and checked. `settings.ts` says what an operator may set; this file alone reads the environment. Secrets come from files,
 * never from a command line. Two may stand in a variable: a key for development, and a password in the database's URL.
 */
import { isIP } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { urlIn } from '@waffo/protocol/url';
import { misspeltIn } from './misspelt.ts';
import { type SettingName, settings } from './settings.ts';

/** Where the key-encryption keys are; the development variable's text is asked for, so that no print of this shows it. */
export type KekSource =
  | { readonly kind: 'file'; readonly paths: readonly string[] }
  | { readonly kind: 'variable'; readonly text: () => string };

/** Somebody who develops may try wrong requests by the thousand; at a shop that is a flood. */
export const refusalRates = { sandbox: '1000', production: '100' } as const;
const drainMs = { sandbox: '0', production: '3000' } as const;

/** What a process does: answer calls, do what is due, or both. */
export type Role = 'all' | 'api' | 'worker';

/** Settings, read and checked. */
export interface Config {
  readonly environment: 'sandbox' | 'production';
  readonly role: Role;
  readonly hasMetrics: boolean;
  readonly host: string;
  readonly port: number;
  /** Undefined: there is none. */
  readonly operatorPort: number | undefined;
  /** Without a trailing slash; undefined until the listener knows its port. */
  readonly publicUrl: string | undefined;
  readonly demoPort: number;
  readonly home: string;
  /** Undefined: the embedded server. */
  readonly databaseUrl: string | undefined;
  /** Absolute; undefined: the password is in the URL. */
  readonly databasePasswordFile: string | undefined;
  readonly databaseConnections: number;
  readonly kek: KekSource;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly sessionLifetimeMs: number;
  readonly challengeLifetimeMs: number;
  /** Undefined: nobody is limited below what protects the machine. */
  readonly limits:
    | { readonly merchantRate: number; readonly networkRate: number; readonly holdOnAlarm: boolean }
    | undefined;
  readonly refusalRate: number;
  /** 0: never. */
  readonly shedAfterMs: number;
  /** How long a gateway that was told to stop answers on. */
  readonly drainMs: number;
  readonly trustedProxies: readonly string[];
  /** Digits, or `drawn`. */
  readonly sandboxCode: string;
  readonly webhookPorts: readonly number[];
  /** Undefined: there is no such acquirer. */
  readonly iso8583: IsoSettings | undefined;
  /** A point of the road at which the process kills itself; for the crash tests only, and only in the sandbox. */
  readonly crashAt: string | undefined;
}

/** An acquirer's ISO 8583 host, and how it knows us. */
export interface IsoSettings {
  readonly host: string;
  readonly port: number;
  /** Whose payments go there. */
  readonly merchants: '*' | readonly string[];
  readonly terminalId: string;
  readonly acceptorId: string;
  readonly answerMs: number;
}

/** A setting that cannot be used; its message is one sentence for the operator. */
class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings.
 *
 * @param environment - variables by name; the process's own when absent
 * @returns the settings with their defaults
 * @throws ConfigError naming the variable and what it may be
 */
export function configFrom(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const slip = misspeltIn(environment);
  if (slip !== undefined) throw new ConfigError(`${slip.given} is no setting; did you mean ${slip.meant}?`);
  const read = (name: SettingName): string =>
    environment[name]?.trim() || (settings.find((setting) => setting.name === name)?.fallback ?? '');
  const home = absolute(read('WAFFO_HOME'));
  const name = oneOf('WAFFO_ENVIRONMENT', read('WAFFO_ENVIRONMENT'), ['sandbox', 'production'] as const);
  const kek = kekSource(name, home, read);
  const crashAt = environment.WAFFO_CRASH_AT || undefined;
  if (crashAt !== undefined && name !== 'sandbox')
    throw new ConfigError('WAFFO_CRASH_AT is for sandbox tests only; unset it.');
  const config: Config = {
    environment: name,
    role: roleIn(read),
    hasMetrics: oneOf('WAFFO_METRICS', read('WAFFO_METRICS') || onIn(name, 'sandbox'), ['on', 'off'] as const) === 'on',
    host: read('WAFFO_HOST'),
    port: integer('WAFFO_PORT', read('WAFFO_PORT'), 0, 65_535),
    operatorPort:
      read('WAFFO_OPERATOR_PORT') === 'off'
        ? undefined
        : integer('WAFFO_OPERATOR_PORT', read('WAFFO_OPERATOR_PORT'), 0, 65_535),
    publicUrl: read('WAFFO_PUBLIC_URL').replace(/\/+$/, '') || undefined,
    demoPort: integer('WAFFO_DEMO_PORT', read('WAFFO_DEMO_PORT'), 0, 65_535),
    home,
    databaseUrl: read('WAFFO_DATABASE_URL') || undefined,
    databasePasswordFile: absoluteOrNone(read('WAFFO_DATABASE_PASSWORD_FILE')),
    databaseConnections: integer('WAFFO_DATABASE_CONNECTIONS', read('WAFFO_DATABASE_CONNECTIONS'), 2, 1_000),
    kek,
    logLevel: oneOf('WAFFO_LOG_LEVEL', read('WAFFO_LOG_LEVEL'), ['debug', 'info', 'warn', 'error'] as const),
    sessionLifetimeMs: integer('WAFFO_SESSION_MINUTES', read('WAFFO_SESSION_MINUTES'), 1, 24 * 60) * 60_000,
    challengeLifetimeMs: integer('WAFFO_3DS_MINUTES', read('WAFFO_3DS_MINUTES'), 1, 14) * 60_000,
    limits: limitsIn(read, name),
    refusalRate: integer('WAFFO_REFUSAL_RATE', read('WAFFO_REFUSAL_RATE') || refusalRates[name], 10, 1_000_000),
    shedAfterMs: integer('WAFFO_SHED_MS', read('WAFFO_SHED_MS'), 0, 60_000),
    drainMs: integer('WAFFO_DRAIN_MS', read('WAFFO_DRAIN_MS') || drainMs[name], 0, 60_000),
    trustedProxies: proxiesIn(read('WAFFO_TRUSTED_PROXIES')),
    sandboxCode: sandboxCode(read('WAFFO_SANDBOX_CODE')),
    webhookPorts: ports('WAFFO_WEBHOOK_PORTS', read('WAFFO_WEBHOOK_PORTS')),
    iso8583: isoIn(read),
    crashAt,
  };
  const unfit = name === 'production' ? unfitForProduction(config, read) : undefined;
  if (unfit !== undefined) throw new ConfigError(unfit);
  return config;
}

/** The first setting with which live money must not be taken, in one sentence that says what to set. */
function unfitForProduction(config: Config, read: (name: SettingName) => string): string | undefined {
  if (config.databaseUrl === undefined)
    return 'Production does not run on the embedded database; name your PostgreSQL in WAFFO_DATABASE_URL.';
  if (read('WAFFO_KEK_FILE') === '')
    return 'Production makes up no place for its keys; name the key file in WAFFO_KEK_FILE.';
  if (urlIn(config.publicUrl ?? '')?.protocol !== 'https:')
    return 'Production is reached by https only; set WAFFO_PUBLIC_URL to its origin, e.g. https://pay.example.';
  if (read('WAFFO_SANDBOX_CODE') !== '1234')
    return "WAFFO_SANDBOX_CODE is the sandbox issuer's, and production has none; unset it.";
  return undefined;
}

/**
 * The process's settings, with what its command line said.
 *
 * @param said - settings by name; what is undefined was not said
 * @throws ConfigError like `configFrom`
 */
export function configWith(said: Readonly<Partial<Record<SettingName, string | undefined>>>): Config {
  const changed = Object.entries(said).filter(([, value]) => value !== undefined);
  return configFrom({ ...process.env, ...Object.fromEntries(changed) });
}

function kekSource(environment: string, home: string, read: (name: SettingName) => string): KekSource {
  const [text, file, second] = [read('WAFFO_KEK'), read('WAFFO_KEK_FILE'), read('WAFFO_KEK_FILE_2')];
  if (text === '') {
    const path = file === '' ? join(home, 'kek') : absolute(file);
    return { kind: 'file', paths: second === '' ? [path] : [path, absolute(second)] };
  }
  if (environment === 'production')
    throw new ConfigError('WAFFO_KEK is for development only; put the key into a file and name it in WAFFO_KEK_FILE.');
  if (file !== '' || second !== '') throw new ConfigError('WAFFO_KEK and WAFFO_KEK_FILE are both set; unset one.');
  return { kind: 'variable', text: () => text };
}

function roleIn(read: (name: SettingName) => string): Role {
  const role = oneOf('WAFFO_ROLE', read('WAFFO_ROLE'), ['all', 'api', 'worker'] as const);
  if (role !== 'all' && read('WAFFO_DATABASE_URL') === '')
    throw new ConfigError(
      `WAFFO_ROLE=${role} shares its database with other processes; name a server in WAFFO_DATABASE_URL.`,
    );
  return role;
}

const onIn = (environment: Config['environment'], where: Config['environment']): 'on' | 'off' =>
  environment === where ? 'on' : 'off';

function limitsIn(read: (name: SettingName) => string, environment: Config['environment']): Config['limits'] {
  const rates = {
    merchantRate: integer('WAFFO_MERCHANT_RATE', read('WAFFO_MERCHANT_RATE'), 1, 100_000),
    networkRate: integer('WAFFO_NETWORK_RATE', read('WAFFO_NETWORK_RATE'), 1, 100_000),
    holdOnAlarm: oneOf('WAFFO_HOLD_ON_ALARM', read('WAFFO_HOLD_ON_ALARM'), ['on', 'off'] as const) === 'on',
  };
  const fallback = onIn(environment, 'production');
  return oneOf('WAFFO_LIMITS', read('WAFFO_LIMITS') || fallback, ['on', 'off'] as const) === 'on' ? rates : undefined;
}

function proxiesIn(text: string): string[] {
  const proxies = text.split(',').map((part) => part.trim());
  const isAddress = (proxy: string) => {
    const [address = '', bits, ...more] = proxy.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    return (
      isIP(address) !== 0 && more.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most))
    );
  };
  const wrong = proxies.find((proxy) => proxy !== '' && !isAddress(proxy));
  if (wrong !== undefined) {
    throw new ConfigError(
      `WAFFO_TRUSTED_PROXIES has "${wrong}"; write addresses or networks, e.g. 10.0.0.7, 10.1.0.0/16.`,
    );
  }
  return proxies.filter((proxy) => proxy !== '');
}

function sandboxCode(text: string): string {
  if (text !== 'drawn' && !/^\d{4,8}$/.test(text))
    throw new ConfigError(`WAFFO_SANDBOX_CODE is "${text}"; it must be four to eight digits, or drawn.`);
  return text;
}

function isoIn(read: (name: SettingName) => string): IsoSettings | undefined {
  const text = read('WAFFO_ISO8583_URL');
  if (text === '') return undefined;
  const url = urlIn(text);
  if (url?.protocol !== 'tcp:' || url.port === '' || url.hostname === '')
    throw new ConfigError(`WAFFO_ISO8583_URL is "${text}"; write tcp://host:port.`);
  const merchants = read('WAFFO_ISO8583_MERCHANTS');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port),
    merchants: merchants === '*' ? '*' : merchants.split(',').map((id) => id.trim()),
    terminalId: printable('WAFFO_ISO8583_TERMINAL', read('WAFFO_ISO8583_TERMINAL'), 8),
    acceptorId: printable('WAFFO_ISO8583_ACCEPTOR', read('WAFFO_ISO8583_ACCEPTOR'), 15),
    // Twice this, for the reversal as well, must end before a call is given up.
    answerMs: integer('WAFFO_ISO8583_ANSWER_MS', read('WAFFO_ISO8583_ANSWER_MS'), 100, 12_000),
  };
}

function printable(name: string, text: string, most: number): string {
  if (!/^[\x20-\x7e]+$/.test(text) || text.length > most)
    throw new ConfigError(`${name} is "${text}"; write what the acquirer gave out, ${most} characters at most.`);
  return text;
}

const absoluteOrNone = (path: string): string | undefined => (path === '' ? undefined : absolute(path));
const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(path));

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new ConfigError(`${name} is "${text}"; it must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

const ports = (name: string, text: string): number[] =>
  text === '' ? [] : text.split(',').map((port) => integer(name, port.trim(), 1, 65_535));

function oneOf<const Values extends readonly string[]>(name: string, text: string, values: Values): Values[number] {
  if (!values.includes(text)) throw new ConfigError(`${name} is "${text}"; it must be one of ${values.join(', ')}.`);
  return text;
}
