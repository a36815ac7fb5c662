/**
 * Older versions and the present one, or that one with a setting and without it, measured in turns on one machine: all that differs
 * is what was changed between them.
 */
import { join } from 'node:path';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';
import { Flawed, type Result } from './measure.ts';
import { type Origin, origin } from './origin.ts';
import { say, show } from './progress.ts';
import { easyLoad, type Row, settingRows, steadyName, stepRows, warmUpsBeforeEasyLoad } from './rows.ts';
import { type Stage, setStage, type Wish } from './stage.ts';
import type { Steps } from './steps.ts';
import { inTurns } from './turns.ts';
import { checkOut, nameOf, presentVersion, type Version, versionOf, withSetting } from './version.ts';

interface Prepared extends Stage {
  readonly version: Version;
}

interface Contender extends Prepared {
  readonly rows: readonly Row[];
  /** So far. */
  readonly rounds: Result[][];
}

/**
 * @param refs - the older versions as git knows them, the first of them first
 * @param undo - gets what must be done at the end, the last first
 * @throws Flawed when an answer of any version was not what it had to be
 */
export async function measureSteps(
  refs: readonly string[],
  wish: Wish,
  undo: (() => Promise<unknown>)[],
): Promise<Steps> {
  // All are looked up first: what is mistyped is told before anything is built, and a commit made meanwhile is none of these.
  const [from, older, present] = [origin(), refs.map(versionOf), presentVersion()];
  const prepared: Prepared[] = [];
  for (const version of older) prepared.push(await prepare(version, wish, undo, checkOut));
  prepared.push(await prepare(present, wish, undo));
  return compare(prepared, stepRows, from, wish);
}

/**
 * @param setting - `NAME=value` in the environment of the gateway
 * @param undo - gets what must be done at the end, the last first
 * @throws Flawed when an answer was not what it had to be
 */
export async function measureSetting(setting: string, wish: Wish, undo: (() => Promise<unknown>)[]): Promise<Steps> {
  const [from, present] = [origin(), presentVersion()];
  const prepared: Prepared[] = [];
  for (const version of [present, withSetting(present, setting)]) prepared.push(await prepare(version, wish, undo));
  return compare(prepared, settingRows, from, wish);
}

async function compare(
  prepared: readonly Prepared[],
  rowsFor: typeof settingRows,
  from: Origin,
  wish: Wish,
): Promise<Steps> {
  const rate = rateOf(prepared);
  const contenders = prepared.map(
    (one): Contender => ({
      ...one,
      rows: rowsFor(one.bench, one.tokens, rate, one.version.settings),
      rounds: [],
    }),
  );
  for (let round = 1; round <= wish.rounds; round++) {
    say(`\n  Round ${round} of ${wish.rounds}:`);
    await measureRound(contenders, round);
  }
  const { warmUpSeconds, seconds } = wish;
  return {
    ...from,
    database: prepared[0]?.database.description ?? '',
    ...{ warmUpSeconds, seconds },
    steady: { name: steadyName, rate: rate(), warmUpSeconds: warmUpsBeforeEasyLoad * warmUpSeconds },
    versions: contenders.map(({ version, rounds }) => ({ ...version, rounds })),
  };
}

/**
 * A stage of its own for each: corpora are signed with the keys of a gateway's own merchant, and a server that one version gave
 * work to must not do that on another's account.
 *
 * @param build - absent for the version that is here
 */
async function prepare(
  version: Version,
  wish: Wish,
  undo: (() => Promise<unknown>)[],
  build?: typeof checkOut,
): Promise<Prepared> {
  say(`\n  ${version.commit} ${version.subject}:`);
  const folder = await throwawayFolder('waffo-bench-');
  undo.push(folder.remove);
  const checkout = await build?.(version, join(folder.path, 'checkout'));
  // Versions take turns: none is measured twice in a row.
  return { ...(await setStage(folder.path, { ...wish, rounds: 1 }, undo, checkout, version.settings)), version };
}

/** Requests a second that are due in the open loop: the slowest version bears them easily. Chosen once, after the closed loop. */
function rateOf(prepared: readonly Prepared[]): () => number {
  let rate: number | undefined;
  return () => {
    rate ??= easyLoad * Math.min(...prepared.map(({ bench }) => bench.paces.usual('order/create') ?? Number.NaN));
    return rate;
  };
}

/** Row by row, all versions; the others idle. */
async function measureRound(contenders: readonly Contender[], round: number): Promise<void> {
  for (const { rounds } of contenders) rounds.push([]);
  for (const [at, { name }] of (contenders[0]?.rows ?? []).entries()) {
    say(`    ${name}`);
    for (const { version, rows, rounds } of inTurns(contenders, round)) {
      const result = await namingFlaws(version, rows[at] as Row);
      rounds.at(-1)?.push(show(result, `    ${nameOf(version)}`));
    }
  }
}

async function namingFlaws(version: Version, { measure }: Row): Promise<Result> {
  try {
    return await measure();
  } catch (error) {
    throw error instanceof Flawed ? new Flawed(`${nameOf(version)}, ${error.message}`, { cause: error }) : error;
  }
}
