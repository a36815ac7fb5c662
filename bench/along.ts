/** The two calls that merchants wait for, measured along something: more connections, more rows. */
import { grow } from './grow.ts';
import { say, sayPhase, show } from './progress.ts';
import type { Report } from './report.ts';
import { createRow, inquiryRow } from './rows.ts';
import type { Stage } from './stage.ts';

/** From one caller to more than a gateway can serve at once. */
export async function alongConnections(
  { bench, tokens }: Stage,
  steps: readonly number[],
): Promise<Report['byConnections']> {
  const rows: Report['byConnections'] = [];
  for (const connections of steps) {
    say(`\n  Over ${connections} connections:`);
    const at = { ...bench, connections, rounds: 1 };
    const inquiry = show(await inquiryRow(at, tokens).measure());
    rows.push({ connections, inquiry, create: show(await createRow(at, tokens).measure()) });
  }
  return rows;
}

/** From a shop's first week to some years. */
export async function alongRows(
  { bench, tokens, database }: Stage,
  sizes: readonly number[],
): Promise<Report['bySize']> {
  const rows: Report['bySize'] = [];
  let before = 0;
  for (const size of sizes) {
    say(`\n  With ${size.toLocaleString('en')} tokens and orders:`);
    sayPhase('making them');
    const startedAt = performance.now();
    await grow(database.url, bench.gateway.sandbox.merchantId, before, size);
    say(`      made in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
    before = size;
    const inquiry = show(await inquiryRow(bench, tokens).measure());
    rows.push({ size, inquiry, create: show(await createRow(bench, tokens).measure()) });
  }
  return rows;
}
