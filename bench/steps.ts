/** What the steps from version to version gave, or a setting, as tables. */
import { number, type TableRow, table } from './figures.ts';
import type { Result } from './measure.ts';
import type { Origin } from './origin.ts';
import { median } from './paces.ts';

/** A run over several versions, the oldest first, or over one with a setting and without it; all were measured in each round. */
export interface Steps extends Origin {
  readonly database: string;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** The row in the open loop, and how many requests a second were due in it: the same for all, or they could not be compared. */
  readonly steady: { readonly name: string; readonly rate: number; readonly warmUpSeconds?: number };
  readonly versions: readonly MeasuredVersion[];
}

interface MeasuredVersion {
  readonly commit: string;
  readonly subject: string;
  /** Each with a result for each row. */
  readonly rounds: readonly (readonly Result[])[];
}

interface Column {
  readonly title: string;
  /** Of the row. */
  readonly name: string;
  of(result: Result): number | undefined;
  show(value: number | undefined): string;
}

const namesIn = ({ versions }: Steps): readonly string[] => versions[0]?.rounds[0]?.map(({ name }) => name) ?? [];

/** @returns what each version reached: shares of the limit, and how long the slowest waited in the open loop */
export function speeds(steps: Steps): TableRow[] {
  const { name: steady } = steps.steady;
  const columns = namesIn(steps).map((name): Column => {
    if (name === steady) return { title: `p99 of ${name}`, name, of: ({ p99 }) => p99, show: inMs };
    return { title: name, name, of: ({ ratio }) => 100 * ratio, show: (value) => `${number(value, 1)} %` };
  });
  return rowsOf(steps, columns);
}

const inMs = (value: number | undefined): string => `${number(value, 1)} ms`;

/** @returns what a request cost each version, in µs of processor time */
export function costs(steps: Steps): TableRow[] {
  const of = ({ cpu: { gateway, database } }: Result) =>
    gateway === undefined || database === undefined ? undefined : gateway + database;
  const first = steps.versions[0]?.rounds[0] ?? [];
  const asked = first.filter((result) => of(result) !== undefined);
  return rowsOf(
    steps,
    asked.map(({ name }): Column => ({ title: name, name, of, show: (value) => number(value) })),
  );
}

function rowsOf({ versions }: Steps, columns: readonly Column[]): TableRow[] {
  const [first] = versions;
  return versions.map((version) => {
    const cells = columns.map((column) => {
      const values = valuesOf(version, column);
      const against = version === first ? '' : ` ${times(values, valuesOf(first, column))}`;
      return [column.title, `${column.show(median(values))}${against}`];
    });
    return { version: `${version.commit} ${version.subject}`, ...Object.fromEntries(cells) };
  });
}

/** One for each round. */
const valuesOf = (version: MeasuredVersion | undefined, { name, of }: Column): number[] =>
  (version?.rounds ?? []).map((results) => {
    const result = results.find((one) => one.name === name);
    return (result === undefined ? undefined : of(result)) ?? Number.NaN;
  });

/** Each round is compared within itself: what the machine did to one round, it did to all versions. */
function times(values: readonly number[], first: readonly number[]): string {
  const each = values.map((value, round) => value / (first[round] ?? Number.NaN));
  const [least, most] = [Math.min(...each), Math.max(...each)];
  return `× ${number(median(each), 2)}${each.length > 1 ? ` (${number(least, 2)}–${number(most, 2)})` : ''}`;
}

/** @returns a part of `docs/performance.md` */
export const stepsPart = (steps: Steps): string => `## What the steps gave

\`npm run bench -- --against=<commit>,…\` builds older versions beside the present one and measures them in turns, in one run; the
figures are in [performance-steps.json](performance-steps.json). ${tablesOf(steps)}`;

/** @returns another part */
export const settingPart = (steps: Steps): string => `## What a setting gave

\`npm run bench -- --with=NAME=value\` starts the gateway once as it is and once with this in its environment, and measures both in turns, in
one run; the figures are in [performance-setting.json](performance-setting.json). Shares are of the limit without it; signatures
alone are compared with those of a moment before. ${tablesOf(steps)}`;

function tablesOf(steps: Steps): string {
  const { at, commit, machine, node, database, warmUpSeconds, seconds, steady, versions } = steps;
  const rounds = versions[0]?.rounds.length ?? 0;
  const connections = versions[0]?.rounds[0]?.at(-1)?.connections;
  return `Each version has a database of its own and is asked over ${number(connections)}
connections, and ${number(warmUpSeconds)} seconds of the same load go before ${number(seconds)} that count${steady.warmUpSeconds === undefined ? '' : ` (${number(steady.warmUpSeconds)} in the open loop)`}. Run of ${at.slice(0, 10)} at commit ${commit}: ${machine}; Node ${node}; ${database}.

${
  rounds === 1
    ? 'Each row was measured once. The factor after × compares with the first version.'
    : `Each figure is the middle of ${rounds} rounds. The factor after × compares with the first version in the same
round: in the middle, and in brackets in the round where it was least and in that where it was most.`
} More is better for shares of the limit; less is better for times.

${table(speeds(steps))}

In the open loop ${number(steady.rate, 1)} orders a second were due for each version: 40 % of what the slowest takes. Processor time of the gateway
and the database for one request, in µs:

${table(costs(steps))}
`;
}
