/**
 * The rules of ARCHITECTURE.md, each a line that a person can check. They read the sources, and each rule is also
 * shown a file that breaks it, so that a rule which finds nothing is known to look.
 */
import { describe, expect, test } from 'vitest';
import { codeOf, importsOf, readSources, type Source } from './kit/source-tree.ts';

const gateway = 'packages/gateway/src/';
const protocol = 'packages/protocol/src/';

/** Who may open, store or seal a card, or handle keys. Everybody else asks one of these. */
const vaultUsers = [
  'app.ts',
  'ground.ts',
  'jobs.ts',
  'checkout/open.ts',
  'checkout/pay.ts',
  'checkout/simulate.ts',
  'cli/audit.ts',
  'cli/key.ts',
  'cli/token-transfer.ts',
  'limits/call-rates.ts',
  'limits/card-tries.ts',
  'limits/scheme-retries.ts',
  'merchant/operator-act.ts',
  'merchant/platform-keys.ts',
  'order/authenticate.ts',
  'order/bare-card.ts',
  'order/card-prefix.ts',
  'order/finish.ts',
  'order/waiting-card.ts',
  'payment/perform.ts',
  'payment/record.ts',
  'threeds/begin.ts',
  'threeds/expire.ts',
  'threeds/visit.ts',
  'tokenization/bind-card.ts',
  'tokenization/bind-together.ts',
  'tokenization/export-cards.ts',
  'tokenization/finish.ts',
  'tokenization/generate.ts',
  'tokenization/open-session.ts',
  'tokenization/import-cards.ts',
  'tokenization/refresh-card.ts',
  'tokenization/remove.ts',
  'tokenization/sealed-sessions.ts',
  'tokenization/submit.ts',
];

/** Who may name a type of the vault without using it: those that a card is lent to, and the type of what handlers get. */
const vaultTypeReaders = [
  ...vaultUsers,
  'checkout/checkout.store.ts',
  'gateway.ts',
  'merchant/system-signer.ts',
  'connector/account-updater.ts',
  'connector/conformance.ts',
  'connector/connector.ts',
  'connector/threeds.ts',
  'connector/iso8583/requests.ts',
  'connector/sandbox/account-updater.ts',
  'connector/sandbox/acs.ts',
  'tokenization/binding.ts',
  'tokenization/card-summary.ts',
  'tokenization/check-card.ts',
];

/** Protocol files that declare schemas; the browser must be able to load all others without the schema library. */
const isSchema = (path: string) => /^(operation|notifications|operations\/.+)\.ts$/.test(path.slice(protocol.length));

const isTest = ({ path }: Source) => path.endsWith('.test.ts') || path.startsWith('test/');
const inGateway = (path: string) => path.startsWith(gateway);
const inFolder = (path: string, ...folders: string[]) =>
  folders.some((folder) => path.startsWith(`${gateway}${folder}/`));
const isOneOf = (path: string, names: readonly string[]) => names.some((name) => path === `${gateway}${name}`);

/** `check` answers what is wrong with one import, or undefined. */
function eachImport(check: (from: string, to: string, typeOnly: boolean) => boolean): Rule['find'] {
  return (sources) =>
    sources
      .filter((source) => !isTest(source))
      .flatMap((source) =>
        importsOf(source)
          .filter(({ target, typeOnly }) => check(source.path, target, typeOnly))
          .map(({ target }) => `${source.path} imports ${target}`),
      );
}

function eachFile(breaks: (source: Source) => string | false): Rule['find'] {
  return (sources) =>
    sources.flatMap((source) => {
      const fault = breaks(source);
      return fault === false ? [] : [`${source.path} ${fault}`];
    });
}

function eachMention(pattern: RegExp, exempt: (path: string) => boolean, what: string): Rule['find'] {
  return eachFile((source) => {
    const counts = inGateway(source.path) && !isTest(source) && !exempt(source.path);
    return counts && pattern.test(codeOf(source)) && what;
  });
}

interface Rule {
  readonly promise: string;
  /** @returns one sentence for each place that breaks the rule */
  readonly find: (sources: readonly Source[]) => string[];
  /** Files that break it, as path and text. */
  readonly planted: readonly (readonly [path: string, text: string])[];
}

const packageOf = (path: string) => /^(?:packages|apps)\/[^/]+\//.exec(path)?.[0];
const isOurs = (target: string) => packageOf(target) !== undefined || target.startsWith('@waffo/');

const rules: Rule[] = [
  {
    promise: 'protocol imports nothing of ours',
    find: eachImport((from, to) => from.startsWith(protocol) && isOurs(to) && !to.startsWith(protocol)),
    planted: [[`${protocol}card.ts`, "import { a } from '@waffo/gateway/config';"]],
  },
  {
    promise: 'only schema files of protocol import a package, and only zod',
    find: eachImport((from, to) => {
      if (!from.startsWith(protocol) || to.startsWith('node:')) return false;
      if (isSchema(from)) return !to.startsWith(protocol) && to !== 'zod';
      return !to.startsWith(protocol) || isSchema(to);
    }),
    planted: [
      [`${protocol}money.ts`, "import { z } from 'zod';"],
      [`${protocol}codes.ts`, "import { a } from './operation.ts';"],
    ],
  },
  {
    promise: 'the SDKs import protocol only, and the browser takes nothing but types of its operations',
    find: eachImport((from, to, typeOnly) => {
      const home = packageOf(from);
      if (!/\/(payment-sdk|waffo-node)\/src\//.test(from) || to.startsWith(home ?? '')) return false;
      if (from.includes('payment-sdk') && (to.startsWith('node:') || (isSchema(to) && !typeOnly))) return true;
      return !to.startsWith(protocol) && !to.startsWith('node:');
    }),
    planted: [
      ['packages/payment-sdk/src/a.ts', "import { z } from '@waffo/protocol/operations/order';"],
      ['packages/waffo-node/src/a.ts', "import axios from 'axios';"],
    ],
  },
  {
    promise: 'the shop is a merchant like any other: it imports the SDKs, never the gateway or protocol',
    find: eachImport((from, to) => from.startsWith('apps/') && (to.startsWith(protocol) || inGateway(to))),
    planted: [['apps/demo/src/shop.ts', "import { a } from '@waffo/gateway/app';"]],
  },
  {
    promise: 'nothing imports the gateway but its tests and its reference pages',
    find: eachImport((from, to) => !from.startsWith('packages/gateway/') && inGateway(to)),
    planted: [['packages/waffo-node/src/a.ts', "import { a } from '../../gateway/src/fault.ts';"]],
  },
  {
    promise: 'a record with its transitions uses protocol and fault, and knows no database, clock, network or log',
    find(sources) {
      const stores = new Set(sources.map(({ path }) => path).filter((path) => path.endsWith('.store.ts')));
      const isRecord = (path: string) =>
        path !== `${gateway}vault/vault.ts` && stores.has(path.replace(/\.ts$/, '.store.ts'));
      return eachImport((from, to, typeOnly) => {
        if (!isRecord(from) || to.startsWith(protocol) || to === `${gateway}fault.ts`) return false;
        return (
          !typeOnly ||
          inFolder(to, 'storage', 'http', 'observe', 'job', 'webhook') ||
          isOneOf(to, ['clock.ts', 'gateway.ts'])
        );
      })(sources);
    },
    planted: [
      [`${gateway}order/order.store.ts`, ''],
      [`${gateway}order/order.ts`, "import type { Clock } from '../clock.ts';"],
    ],
  },
  {
    promise: 'a store is imported by its own folder only',
    find: eachImport(
      (from, to) =>
        to.endsWith('.store.ts') && from.slice(0, from.lastIndexOf('/')) !== to.slice(0, to.lastIndexOf('/')),
    ),
    planted: [[`${gateway}order/create.ts`, "import { a } from '../tokenization/token.store.ts';"]],
  },
  {
    promise: 'a table has one owner: one folder mentions it in SQL',
    find: tablesWithTwoOwners,
    planted: [
      [`${gateway}order/order.store.ts`, "statement('order/a', 'select status from outbox')"],
      [`${gateway}webhook/outbox.store.ts`, "statement('outbox/a', 'insert into outbox (id) values ($1)')"],
    ],
  },
  {
    promise: 'a statement has a name of its own',
    find: statementsOfOneName,
    planted: [
      [`${gateway}order/order.store.ts`, "statement('order/a', 'select 1'); statement('order/a', 'select 2');"],
    ],
  },
  {
    promise: 'the vault is used by those on the list only',
    find: eachImport(
      (from, to, typeOnly) =>
        inFolder(to, 'vault') && !inFolder(from, 'vault') && !isOneOf(from, typeOnly ? vaultTypeReaders : vaultUsers),
    ),
    planted: [[`${gateway}connector/connector.ts`, "import { withCard } from '../vault/vault.ts';"]],
  },
  {
    promise: 'the vault knows storage, secret, fault, clock, id and protocol, and nothing else of ours',
    find: eachImport(
      (from, to) =>
        inFolder(from, 'vault') &&
        inGateway(to) &&
        !inFolder(to, 'vault', 'storage') &&
        !isOneOf(to, ['secret.ts', 'fault.ts', 'clock.ts', 'id.ts']),
    ),
    planted: [[`${gateway}vault/vault.ts`, "import type { Log } from '../observe/log.ts';"]],
  },
  {
    promise: 'a connector is handed what it needs',
    find: eachImport(
      (from, to) => inFolder(from, 'connector') && inFolder(to, 'order', 'subscription', 'tokenization'),
    ),
    planted: [[`${gateway}connector/sandbox/acquirer.ts`, "import { a } from '../../order/order.ts';"]],
  },
  {
    promise: 'only http and page know the framework',
    find: eachImport(
      (from, to) => inGateway(from) && /^(fastify|@fastify\/.+)$/.test(to) && !inFolder(from, 'http', 'page'),
    ),
    planted: [[`${gateway}order/create.ts`, "import type { FastifyRequest } from 'fastify';"]],
  },
  {
    promise: 'only the lists call into http; an action may name the type of its caller',
    find: eachImport(
      (from, to, typeOnly) =>
        inFolder(to, 'http') &&
        !inFolder(from, 'http') &&
        !typeOnly &&
        !isOneOf(from, ['app.ts', 'operations.ts', 'pages.ts', 'operator.ts', 'cli/doctor.ts']),
    ),
    planted: [[`${gateway}order/create.ts`, "import { render } from '../http/render.ts';"]],
  },
  {
    promise: 'only storage speaks to a database driver',
    find: eachImport((from, to) => inGateway(from) && to === 'pg' && !inFolder(from, 'storage')),
    planted: [[`${gateway}order/order.store.ts`, "import pg from 'pg';"]],
  },
  {
    promise: 'only config reads the environment',
    find: eachMention(/\bprocess\.env\b/, (path) => isOneOf(path, ['config.ts']), 'reads the environment'),
    planted: [[`${gateway}main.ts`, 'if (process.env.CI) {}']],
  },
  {
    promise: 'only clock asks the time',
    find: eachMention(
      /new Date\(\)|\bDate\.now\b|\bperformance\.now\b|\bhrtime\b/,
      (path) => isOneOf(path, ['clock.ts']),
      'asks the time',
    ),
    planted: [[`${gateway}order/create.ts`, 'const at = new Date();']],
  },
  {
    promise: 'nothing takes chance from Math.random',
    find: eachMention(/\bMath\.random\b/, () => false, 'uses Math.random'),
    planted: [[`${gateway}id.ts`, 'Math.random()']],
  },
  {
    promise: 'nothing asks URL.canParse, which errs on letters beyond ASCII once it is optimised',
    find: eachFile(
      ({ path, text }) => /\bURL\.canParse\(/.test(text) && !path.startsWith('test/') && 'asks URL.canParse',
    ),
    planted: [[`${gateway}webhook/request.ts`, 'URL.canParse(url)']],
  },
  {
    promise: 'nothing imports itself by a detour',
    find: cycles,
    planted: [
      [`${gateway}order/create.ts`, "import { a } from './settle.ts';"],
      [`${gateway}order/settle.ts`, "import type { b } from './create.ts';"],
    ],
  },
  {
    promise: 'no file or folder is called by a word that says nothing',
    find: eachFile(
      ({ path }) =>
        /(^|[/.-])(utils?|helpers?|common|shared|lib|managers?|base|misc)(?=[/.-])/.test(path) &&
        'has a name that says nothing',
    ),
    planted: [['packages/gateway/src/order/order-helpers.ts', '']],
  },
  {
    promise: 'a type lives where its values are made, and only a published package has an index',
    find: eachFile(
      ({ path }) =>
        /\/(index|types)\.ts$/.test(path) &&
        !/^packages\/(payment-sdk|waffo-node)\/src\/index\.ts$/.test(path) &&
        'is a list of what lives elsewhere',
    ),
    planted: [[`${gateway}order/types.ts`, '']],
  },
  {
    promise: 'a file is short: 300 lines, a test 500, the composition root 150',
    find: eachFile((source) => {
      const limit = source.path === `${gateway}app.ts` ? 150 : source.path.endsWith('.test.ts') ? 500 : 300;
      const lines = source.text.trimEnd().split('\n').length;
      return lines > limit && `has ${lines} lines, ${limit} are allowed`;
    }),
    planted: [[`${gateway}order/create.ts`, 'a;\n'.repeat(301)]],
  },
];

describe('the architecture', () => {
  const sources = readSources();

  test.each(rules)('$promise', ({ find, planted }) => {
    expect(find(planted.map(([path, text]) => ({ path, text }))), 'the planted violation is found').not.toEqual([]);
    expect(find(sources)).toEqual([]);
  });

  test('is read whole: the doors, the records and both SDKs are among the sources', () => {
    const paths = sources.map(({ path }) => path);
    const known = [`${gateway}operations.ts`, `${gateway}vault/vault.store.ts`, `${protocol}codes.ts`];
    expect(paths).toEqual(
      expect.arrayContaining([...known, 'packages/payment-sdk/src/index.ts', 'packages/waffo-node/src/index.ts']),
    );
  });
});

/** A name is a table's when something is inserted into it; other names after `from` are functions and parts of a query. */
function tablesWithTwoOwners(sources: readonly Source[]): string[] {
  const mentions = sources
    .filter((source) => inGateway(source.path) && !isTest(source))
    .flatMap((source) => {
      const sql = [...codeOf(source).matchAll(/(['`])((?:select|insert|update|delete|with)\s[\s\S]*?)\1/g)];
      const names = sql.flatMap(([, , text = '']) => [...text.matchAll(/\b(from|join|into|update)\s+([a-z_]+)\b/g)]);
      const folder = source.path.slice(0, source.path.lastIndexOf('/'));
      return names.map(([, verb, name = '']) => ({ folder, verb, name }));
    });
  const tables = new Set(mentions.filter(({ verb }) => verb === 'into').map(({ name }) => name));
  return [...tables].flatMap((table) => {
    const folders = new Set(mentions.filter(({ name }) => name === table).map(({ folder }) => folder));
    return folders.size > 1 ? [`${table} is used by ${[...folders].join(' and ')}`] : [];
  });
}

function statementsOfOneName(sources: readonly Source[]): string[] {
  const seen = new Set<string>();
  return sources
    .filter((source) => inGateway(source.path) && !isTest(source))
    .flatMap((source) =>
      [...codeOf(source).matchAll(/\bstatement(?:<[^(]*>)?\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''),
    )
    .filter((name) => seen.has(name) || !seen.add(name));
}

function cycles(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map((source) => [source.path, importsOf(source).map(({ target }) => target)]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (trail.includes(path) || done.has(path)) return;
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}
