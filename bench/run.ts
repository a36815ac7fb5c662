/**
 * `npm run bench`: this machine's limit, and then what the gateway makes of it, in one run: calls a second, their times, what
 * each costs and its share of the limit; alone, by connections and by table size. Everything is on this machine: the load, the
 * gateway and a PostgreSQL that syncs every commit. It takes less than half an hour, and 12 GB in the temporary folder. `-- --quick`
 * takes a few and leaves large tables out, `-- --once` measures each row once instead of three times, `-- --only=submit`
 * measures the rows that have this text in their names, and writes nothing. `-- --against=v1,874f564` builds these versions
 * and tells what the steps from one to the next, and to the present one, gave; it takes some five minutes for each of them.
 * `-- --with=NAME=value` tells what this in the gateway's environment gives. A run with a flaw is not reported.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';
import { measureSetting, measureSteps } from './against.ts';
import { alongConnections, alongRows } from './along.ts';
import { delivered, deliveriesName } from './deliveries.ts';
import type { Result } from './measure.ts';
import { origin, root } from './origin.ts';
import { costOfAPause } from './pause.ts';
import { peakMemoryMb } from './process-table.ts';
import { say, show } from './progress.ts';
import { page, pictures, type Report } from './report.ts';
import { rowsOf } from './rows.ts';
import { type Stage, setStage } from './stage.ts';
import { costs, type Steps, speeds } from './steps.ts';

const isQuick = process.argv.includes('--quick');
const isOnce = isQuick || process.argv.includes('--once');
const wordOf = (option: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`${option}=`))?.slice(option.length + 1);
const only = wordOf('--only');
const against = wordOf('--against')?.split(',').filter(Boolean);
const setting = wordOf('--with');
const wish = {
  // V8 needs about as long until it has optimised what a call runs through.
  warmUpSeconds: 10,
  seconds: isQuick ? 2 : 5,
  rounds: isOnce ? 1 : 3,
  // With fewer the machine waits for requests now and then, and the figure is no capacity.
  connections: 64,
};
const connectionSteps = isQuick ? [1, 32] : [1, 4, 16, 64, 128];
const sizes = isQuick ? [10_000] : [10_000, 100_000, 1_000_000];
const docs = join(root, 'docs');

async function main(): Promise<void> {
  if ([only, against, setting].filter((word) => word !== undefined).length > 1)
    throw new Error('--only, --against and --with do not go together');
  const folder = await throwawayFolder('waffo-bench-');
  const undo: (() => Promise<unknown>)[] = [folder.remove];
  try {
    if (against !== undefined) return await writeSteps('steps', await measureSteps(against, wish, undo));
    if (setting !== undefined) return await writeSteps('setting', await measureSetting(setting, wish, undo));
    const stage = await setStage(folder.path, wish, undo);
    if (only === undefined) await write(await measureAll(stage, undo));
    else await measureOnly(stage, only, undo);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function write(report: Report): Promise<void> {
  await store('performance.json', report);
  for (const [name, picture] of Object.entries(pictures(report))) await writeFile(join(docs, 'images', name), picture);
  await writePage();
  say('\n  Written: docs/performance.json, docs/performance.md, docs/images/performance-*.svg');
}

/** @param of - what made the difference */
async function writeSteps(of: 'steps' | 'setting', steps: Steps): Promise<void> {
  say(`\n  Of the limit, and p99 with ${steps.steady.rate.toFixed(1)} orders a second:`);
  console.table(speeds(steps));
  say('  Processor time of gateway and database, µs:');
  console.table(costs(steps));
  await store(`performance-${of}.json`, steps);
  await writePage();
  say(`\n  Written: docs/performance-${of}.json, docs/performance.md`);
}

/** Of the last run of each kind. */
async function writePage(): Promise<void> {
  const report = await stored<Report>('performance.json');
  const [steps, setting] = [
    await stored<Steps>('performance-steps.json'),
    await stored<Steps>('performance-setting.json'),
  ];
  if (report !== undefined) await writeFile(join(docs, 'performance.md'), page(report, steps, setting));
}

const store = (name: string, run: object): Promise<void> =>
  writeFile(join(docs, name), `${JSON.stringify(run, undefined, 2)}\n`);

async function stored<Run>(name: string): Promise<Run | undefined> {
  const file = join(docs, name);
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Run) : undefined;
}

async function measureAll(stage: Stage, undo: (() => Promise<unknown>)[]): Promise<Report> {
  const { bench, tokens, limit, database } = stage;
  const from = origin();
  const pauseCosts = costOfAPause();
  say(`  After a pause the same code takes ${pauseCosts.toFixed(1)} times as long.\n`);
  const results: Result[] = [];
  for (const { measure } of rowsOf(bench, tokens)) results.push(show(await measure()));
  const byConnections = await alongConnections(stage, connectionSteps);
  const memoryMb = peakMemoryMb(bench.gateway.pid);
  const deliveriesPerSecond = await delivered(stage);
  const bySize = await alongRows(sizes, wish, undo);
  return {
    ...from,
    database: database.description,
    limit,
    pauseCosts,
    warmUpSeconds: bench.warmUpSeconds,
    rounds: bench.rounds,
    results,
    byConnections,
    bySize,
    deliveriesPerSecond,
    ...(memoryMb !== undefined && { memoryMb }),
    coldStartMs: bench.gateway.startedIn,
  };
}

/** Rows are those of the first table, and each of the other measurements as a whole. */
async function measureOnly(stage: Stage, text: string, undo: (() => Promise<unknown>)[]): Promise<void> {
  const rows = rowsOf(stage.bench, stage.tokens).map(({ name, measure }) => ({
    name,
    run: async (): Promise<unknown> => show(await measure()),
  }));
  const all = [
    ...rows,
    { name: 'with more connections', run: () => alongConnections(stage, connectionSteps) },
    { name: 'with more rows', run: () => alongRows(sizes, wish, undo) },
    { name: deliveriesName, run: () => delivered(stage) },
  ];
  const asked = all.filter(({ name }) => name.includes(text));
  if (asked.length === 0) throw new Error(`no row is named so; there are: ${all.map(({ name }) => name).join(', ')}`);
  for (const { run } of asked) await run();
}

await main();
