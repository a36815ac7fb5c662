/** The two calls that merchants wait for, measured along something: more connections, more rows. */
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';
import { grow } from './grow.ts';
import { middleOf, type Result } from './measure.ts';
import { say, sayPhase, show } from './progress.ts';
import type { Report } from './report.ts';
import { createRow, inquiryRow } from './rows.ts';
import { type Stage, setStage, type Wish } from './stage.ts';
import { inTurns } from './turns.ts';

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

interface Grown extends Stage {
  readonly size: number;
  /** So far. */
  readonly inquiries: Result[];
  readonly creates: Result[];
}

/**
 * From a shop's first week to some years. Each size has a server and a gateway of its own, and they are measured in turns: what is
 * to be told apart are tables, and not an hour in which the machine is slower.
 *
 * @param undo - gets what must be done at the end, the last first
 */
export async function alongRows(
  sizes: readonly number[],
  wish: Wish,
  undo: (() => Promise<unknown>)[],
): Promise<Report['bySize']> {
  const all: Grown[] = [];
  for (const size of sizes) all.push(await grown(size, wish, undo));
  for (let round = 1; round <= wish.rounds; round++) {
    say(`\n  Round ${round} of ${wish.rounds}:`);
    for (const { size, bench, tokens, inquiries, creates } of inTurns(all, round)) {
      say(`    with ${size.toLocaleString('en')} tokens and orders`);
      inquiries.push(show(await inquiryRow(bench, tokens).measure()));
      creates.push(show(await createRow(bench, tokens).measure()));
    }
  }
  return all.map(({ size, inquiries, creates }) => ({
    size,
    inquiry: middleOf(inquiries),
    create: middleOf(creates),
  }));
}

async function grown(size: number, wish: Wish, undo: (() => Promise<unknown>)[]): Promise<Grown> {
  say(`\n  With ${size.toLocaleString('en')} tokens and orders:`);
  const folder = await throwawayFolder('waffo-bench-');
  undo.push(folder.remove);
  const stage = await setStage(folder.path, { ...wish, rounds: 1 }, undo);
  sayPhase('making them');
  const startedAt = performance.now();
  await grow(stage.database.url, stage.bench.gateway.sandbox.merchantId, size);
  say(`      made in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  return { ...stage, size, inquiries: [], creates: [] };
}
