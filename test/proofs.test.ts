/**
 * The page of proofs names tests that are there, and the commands that it names start: a promise whose test was renamed or removed is
 * found out here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, readSources } from './kit/source-tree.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/reference/proofs.md'), 'utf8');
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

const proofs = page
  .split('\n')
  .filter((line) => /^\| ([A-Z0-9]|—)/.test(line))
  .map((line) => {
    const [, row = '', promise = '', proof = ''] = line.split('|').map((cell) => cell.trim());
    const [, file = '', name = ''] = /^`([^`]+)` › ([^;]+)/.exec(proof) ?? [];
    return { row, promise, file, name, command: /`npm run ([^`]+)`/.exec(proof)?.[1] };
  });

describe('the page of proofs', () => {
  test('has rows', () => expect(proofs.length).toBeGreaterThan(40));

  test.each(proofs)('$row, $promise: has its test', ({ file, name, command }) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(readFileSync(join(root, file), 'utf8')).toContain(name);
    if (command !== undefined) expect(Object.keys(scripts)).toContain(command);
  });

  test.each(['W-1', 'W-2', 'W-3', 'W-4', 'W-5', 'W-6', 'W-7', 'W-8', 'W-9'])('names a test of %s', (row) => {
    expect(proofs.flatMap((proof) => proof.row.split(', '))).toContain(row);
  });

  test.each(Array.from({ length: 12 }, (_, i) => `24.${i + 1}`))("names a test of the contract's row %s", (row) => {
    expect(proofs.map((proof) => proof.row)).toContain(row);
  });
});

/** From a command through everything that it loads. @returns the way to the test runner, where there is one */
function wayToRunner(path: string, known: ReadonlyMap<string, readonly string[]>, seen = new Set<string>()): string[] {
  if (path === 'vitest') return [path];
  if (seen.has(path)) return [];
  seen.add(path);
  for (const next of known.get(path) ?? []) {
    const way = wayToRunner(next, known, seen);
    if (way.length > 0) return [path, ...way];
  }
  return [];
}

describe('a command that proves something at full size', () => {
  const loads = new Map(
    readSources(['packages', 'scripts', 'bench', 'test']).map((source) => [
      source.path,
      importsOf(source).flatMap(({ target, typeOnly }) => (typeOnly ? [] : [target])),
    ]),
  );
  const commands = [...loads.keys()].filter((path) => /^(scripts\/[^/]+|bench\/run)\.ts$/.test(path));

  test('is looked for', () => expect(commands).toEqual(expect.arrayContaining(['scripts/soak.ts', 'bench/run.ts'])));

  test.each(commands)('starts without the test runner: %s', (path) => expect(wayToRunner(path, loads)).toEqual([]));

  test('is found out when it would not', () =>
    expect(wayToRunner('test/kit/vault.ts', loads)).toEqual(expect.arrayContaining(['vitest'])));
});
