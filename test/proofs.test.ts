/** The page of proofs names tests that are there: a promise whose test was renamed or removed is found out here. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

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
