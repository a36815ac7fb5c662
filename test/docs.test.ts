/** The pages that people read, held to what is there: links lead somewhere, every page can be found, every setting is explained. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownCodes } from '../packages/gateway/generate/declines.ts';
import { settings } from '../packages/gateway/src/settings.ts';

const root = new URL('../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  ...readdirSync(join(root, 'packages'))
    .map((name) => join('packages', name, 'README.md'))
    .filter((path) => existsSync(join(root, path))),
];

const proseOf = (markdown: string): string => markdown.replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, '');

interface Link {
  /** As it stands in the page. */
  readonly target: string;
  /** From the root. */
  readonly path: string;
  readonly fragment: string | undefined;
}

/** Links outside of code that lead to files of ours. */
function linksOf(page: string): Link[] {
  return [...proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', fragment] = target.split('#');
      return { target, path: file === '' ? page : join(dirname(page), file), fragment };
    });
}

/** What GitHub calls the headings of a page. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(read(page)).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** Pages that somebody finds who begins at one and follows links. */
function foundFrom(first: string): string[] {
  const found = new Set([first]);
  for (const page of found) {
    for (const { path } of linksOf(page)) if (pages.includes(path)) found.add(path);
  }
  return [...found];
}

const settingsIn = (path: string): string[] => [...read(path).matchAll(/\bWAFFO_[A-Z0-9_]+\b/g)].map(([name]) => name);

/** A package for merchants' servers has settings of its own, and who begins is handed them in a file. */
const settingsOfClients = (page: string): string[] => [
  ...(page.startsWith('packages/') ? settingsIn('packages/waffo-node/src/settings.ts') : []),
  ...(page.startsWith('docs/') && page !== 'docs/guide/quickstart.md'
    ? []
    : settingsIn('packages/gateway/src/merchant/sandbox-home.ts')),
];

describe('the pages', () => {
  test('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'docs/guide/quickstart.md']));
  });

  test.each(pages)('%s links to files that exist', (page) => {
    const dead = linksOf(page).filter(({ path }) => !existsSync(join(root, path)));
    expect(dead.map(({ target }) => target)).toEqual([]);
  });

  test.each(pages)('%s links to headings that exist', (page) => {
    const dead = linksOf(page).filter(
      ({ path, fragment }) => fragment !== undefined && pages.includes(path) && !anchorsOf(path).includes(fragment),
    );
    expect(dead.map(({ target }) => target)).toEqual([]);
  });

  test('of the guide and the reference are all found from the README', () => {
    const found = foundFrom('README.md');
    expect(found.length).toBeGreaterThan(20);
    const meant = pages.filter((page) => /^docs\/(?:guide|reference)\//.test(page));
    expect(meant.filter((page) => !found.includes(page))).toEqual([]);
  });

  test('headings are named as GitHub names them', () => {
    expect(anchorsOf('docs/reference/operations.md')).toContain('post-apiv1ordercreate');
    expect(anchorsOf('docs/guide/operating.md')).toContain('a-standby-that-takes-over');
  });

  test('the README is read in a minute', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  test.each(pages)('%s names no setting that is not there', (page) => {
    const known: readonly string[] = [...settings.map(({ name }) => name), ...settingsOfClients(page)];
    expect(settingsIn(page).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('every code that the gateway itself ends something with is in the reference', () => {
    const source = join(root, 'packages/gateway/src');
    const codes = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .flatMap((name) => [...readFileSync(join(source, name), 'utf8').matchAll(/code: '([A-Z_]+)',\s*description: /g)])
      .map(([, code]) => code);
    expect([...new Set(codes)].sort()).toEqual(Object.keys(ownCodes).sort());
  });

  test('decisions are numbered without a gap', () => {
    const numbers = readdirSync(join(root, 'docs/decisions'))
      .sort()
      .map((name) => Number(name.slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
