/** The pages that people read, held to what is there: links lead somewhere, and every setting is explained. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settings } from '../packages/gateway/src/settings.ts';

const root = new URL('../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** Link targets outside of code, without the fragment. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target.replace(/#.*/, ''));
}

describe('the pages', () => {
  test('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'docs/guide/quickstart.md']));
  });

  test.each(pages)('%s links to files that exist', (page) => {
    const dead = linksOf(read(page)).filter(
      (target) => target !== '' && !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)),
    );
    expect(dead).toEqual([]);
  });

  test('the README is read in a minute', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  test.each(pages)('%s names no setting that is not there', (page) => {
    const known: readonly string[] = settings.map(({ name }) => name);
    const named = [...read(page).matchAll(/\bWAFFO_[A-Z0-9_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('decisions are numbered without a gap', () => {
    const numbers = readdirSync(join(root, 'docs/decisions'))
      .sort()
      .map((name) => Number(name.slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
