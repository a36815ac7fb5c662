/** The page that a run makes of its results, and the picture in it. */
import { mostUnderWay } from '../packages/gateway/src/limits/call-rates.ts';
import { number } from './figures.ts';
import type { Result } from './measure.ts';
import type { Origin } from './origin.ts';
import { pauseMs } from './pause.ts';
import { plot } from './plot.ts';
import {
  createName,
  repeatName,
  sameRefusalName,
  steadyInquiryName,
  steadyName,
  warmUpsBeforeEasyLoad,
} from './rows.ts';
import { type Steps, settingPart, stepsPart } from './steps.ts';

export interface Report extends Origin {
  readonly database: string;
  /** Signatures a second. */
  readonly limit: number;
  /** How many times as long the same code takes after a pause. */
  readonly pauseCosts: number;
  /** For so long each row had the same load before it was measured. */
  readonly warmUpSeconds: number;
  /** How often each row was measured; it shows the middle. */
  readonly rounds: number;
  readonly results: readonly Result[];
  /** The same two calls over one connection and over many. */
  readonly byConnections: { readonly connections: number; readonly inquiry: Result; readonly create: Result }[];
  readonly bySize: { readonly size: number; readonly inquiry: Result; readonly create: Result }[];
  readonly deliveriesPerSecond: number;
  readonly memoryMb?: number;
  readonly coldStartMs: number;
}

/** Signatures a second, of the machine on which was measured what can be reached. */
const limitOfTheGoals = 8_900;

const named = ({ results }: Report, name: string): Result | undefined => results.find((one) => one.name === name);

/** What the largest tables make of the time of a call. */
function growth({ bySize }: Report): (readonly [string, string, number, number, 'most'])[] {
  const [small, large] = [bySize[0], bySize.at(-1)];
  if (small === undefined || large === undefined || small === large) return [];
  const calls = ['inquiry', 'create'] as const;
  return calls.map((call) => [
    `p50 of ${call} at ${number(large.size)} rows, against ${number(small.size)}`,
    'times',
    1.3,
    large[call].p50 / small[call].p50,
    'most',
  ]);
}

/** What was aimed at on two cores, and what this run came to. */
function goals(report: Report): string[] {
  const share = (name: string): number => 100 * (named(report, name)?.ratio ?? Number.NaN);
  const create = named(report, createName);
  const replay = named(report, repeatName);
  const halves = ['tokenization/generate', 'tokenization/submit'].map((name) => share(name));
  const pair = 1 / halves.reduce((total, half) => total + 1 / half, 0);
  const rows: readonly (readonly [string, string, number, number, 'least' | 'most'])[] = [
    ['tokenization/inquiry, of the limit', '%', 55, share('tokenization/inquiry'), 'least'],
    [`${createName}, of the limit`, '%', 30, share(createName), 'least'],
    ['generate and submit, pairs, of the limit', '%', 15, pair, 'least'],
    [
      'a repeat, against a first call',
      'times',
      3,
      (replay?.requestsPerSecond ?? 0) / (create?.requestsPerSecond ?? 1),
      'least',
    ],
    ...[steadyInquiryName, steadyName].map(
      (name) => [`p99 of ${name}`, 'ms', 15, named(report, name)?.p99 ?? Number.NaN, 'most'] as const,
    ),
    ['memory of the gateway', 'MB', 256, report.memoryMb ?? Number.NaN, 'most'],
    ['start', 'ms', 1_000, report.coldStartMs, 'most'],
    ...growth(report),
  ];
  return rows.map(([what, unit, goal, value, side]) => {
    const isMet = side === 'least' ? value >= goal : value <= goal;
    return `| ${what} | at ${side} ${number(goal, goal % 1 === 0 ? 0 : 1)} ${unit} | ${number(value, 1)} ${unit} | ${isMet ? 'yes' : 'no'} |`;
  });
}

/** Both calls along something: their shares of the limit, and their times. */
function pictureOf(
  name: string,
  about: string,
  rows: readonly { readonly step: string; readonly inquiry: Result; readonly create: Result }[],
): string {
  const series = (of: (result: Result) => number) => [
    { name: 'inquiry', values: rows.map(({ inquiry }) => of(inquiry)) },
    { name: 'order/create', values: rows.map(({ create }) => of(create)) },
  ];
  return plot(
    name,
    rows.map(({ step }) => step),
    about,
    [
      { title: 'share of the limit, %', series: series(({ ratio }) => 100 * ratio) },
      { title: 'p50, ms', series: series(({ p50 }) => p50) },
      { title: 'p99, ms', series: series(({ p99 }) => p99) },
    ],
  );
}

/** @returns pictures by the names of their files in `docs/images` */
export const pictures = ({ byConnections, bySize }: Report): Readonly<Record<string, string>> => ({
  'performance-connections.svg': pictureOf(
    'Share of the limit and times by connections',
    'connections',
    byConnections.map((row) => ({ ...row, step: String(row.connections) })),
  ),
  'performance-size.svg': pictureOf(
    'Share of the limit and times by table size',
    'tokens and orders',
    bySize.map((row) => ({ ...row, step: row.size.toLocaleString('en') })),
  ),
});

/** Of the limit of that moment; none where nothing is signed. */
const shareOf = (name: string, requestsPerSecond: number, ratio: number): string =>
  name === sameRefusalName || name === repeatName
    ? '– | –'
    : `${number(requestsPerSecond / ratio)} | ${number(100 * ratio, 1)} %`;

/** What an order takes that waits for no other, and how much of that is work. */
function alone(report: Report): string {
  const create = report.byConnections.find(({ connections }) => connections === 1)?.create;
  const crowd = named(report, createName);
  if (create === undefined || crowd === undefined) return '';
  const worked = ({ cpu }: Result): string =>
    number(((cpu.gateway ?? Number.NaN) + (cpu.database ?? Number.NaN) + cpu.generator) / 1_000, 1);
  return `
  An order with nobody beside it has a p50 of ${number(create.p50, 1)} ms and a p99 of ${number(create.p99, 1)} ms here (the first row below). It
  takes ${worked(create)} ms of processor time, where one in a crowd takes ${worked(crowd)} ms.`;
}

/**
 * @param steps - a run over several versions, when there was one
 * @param setting - a run with a setting and without it, when there was one
 * @returns `docs/performance.md`
 */
export function page(report: Report, steps?: Steps, setting?: Steps): string {
  const rows = report.results.map(
    ({ name, requestsPerSecond, ratio, p50, p99, cpu }) =>
      `| ${name} | ${number(requestsPerSecond)} | ${shareOf(name, requestsPerSecond, ratio)} | ${number(p50, 1)} | ${number(p99, 1)} | ` +
      `${number(cpu.gateway)} | ${number(cpu.database)} | ${number(cpu.generator)} |`,
  );
  const connections = report.byConnections.map(
    ({ connections: count, inquiry, create }) =>
      `| ${number(count)} | ${[inquiry, create]
        .map(({ ratio, p50, p99 }) => `${number(100 * ratio, 1)} % | ${number(p50, 1)} | ${number(p99, 1)}`)
        .join(' | ')} |`,
  );
  const sizes = report.bySize.map(
    ({ size, inquiry, create }) =>
      `| ${number(size)} | ${number(100 * inquiry.ratio, 1)} % | ${number(inquiry.p50, 1)} | ` +
      `${number(100 * create.ratio, 1)} % | ${number(create.p50, 1)} |`,
  );
  return `# Performance

Written by \`npm run bench\`; the figures are in [performance.json](performance.json). Machines are noisy: read the shares, not the
absolute numbers. The load generator, the gateway and PostgreSQL, which syncs every commit, share the same cores, requests are
signed before the clock starts, and ${number(report.warmUpSeconds)} seconds of the same load that do not count go before each measurement,
${number(warmUpsBeforeEasyLoad * report.warmUpSeconds)} before the easy load, in which V8 takes longer to see enough of the code to optimise it. Before that the tables are
vacuumed, so that no row pays for the load before it.
Rows without a rate in their name are asked over ${number(report.results[0]?.connections ?? Number.NaN)} connections of one merchant, each call when the one before it was answered. In
production a process lets one merchant have ${mostUnderWay} calls under way, and a busy one serves several.

Run of ${report.at.slice(0, 10)} at commit ${report.commit}: ${report.machine}; Node ${report.node}; ${report.database}.

**The limit**: ${number(report.limit)} RSA-2048 signatures a second over all cores. Every answer carries one, so no gateway on this
machine can give more answers that differ; it was measured anew before and after each row. Refusals that have the same bytes are signed
once for each key, and so is what a repeat is answered: these two rows sign nothing, and the limit is none for them. ${report.rounds === 1 ? 'Each row was measured once.' : `Each row is the middle of ${report.rounds}, by its share, and at the easy load by its p99.`}

| call | per second | limit then | of the limit | p50 ms | p99 ms | gateway µs | database µs | generator µs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

The last three columns are processor time for one request. The last row is another server, for comparison: it does a single write for
a call, in the way that comes to mind first (bench/naive.ts). ${number(report.deliveriesPerSecond)} notifications a second are delivered by one worker. A gateway
that has its schema answers ${number(report.coldStartMs)} ms after its start, and had at most ${number(report.memoryMb)} MB in memory during these runs.

## Goals

| what | goal | this run | reached |
| --- | --- | --- | --- |
${goals(report).join('\n')}

They were chosen on a machine that made ${number(limitOfTheGoals)} signatures a second, ${number(limitOfTheGoals / report.limit, 1)} times as many as this one, before the first line of code was written.
Shares of the limit mean the same on both; milliseconds do not, and are held to as they were chosen.

## What was tried

Each statement is a write to a socket, a wake-up of the server and an answer to read, and each commit is a sync of the disk; both cost
more than what they ask for. None of what follows answers from memory, and none answers before its commit.

- Kept: look-ups of one kind and scope that come together share a statement; orders, bindings and sessions that come together share their
  transactions ([23](decisions/0023-orders-are-written-together.md)). What a transaction asks in one turn of the event loop has one answer,
  its last steps leave with its commit, an intent and the use of its card are one commit
  ([32](decisions/0032-one-answer-for-what-is-asked-at-once.md)); a payment's intent, and its outcome, cross the socket once each, for what
  nearly always goes well is not looked at first ([33](decisions/0033-what-nearly-always-goes-well-is-asked-at-once.md)). Statements find their rows by key also right after a table grew
  ([30](decisions/0030-statements-find-their-rows-by-key.md)), and merchants do not wait behind the runner's connections
  ([31](decisions/0031-merchants-do-not-wait-behind-the-house.md)). An order that has ended answers a repeat with one look, and
  with the signature of its first answer. The objects of a payment share their shapes, so that full collections are rare
  ([34](decisions/0034-objects-share-their-shapes.md)). Calls that come while others are on their way set out together when those are back,
  and so share more ([35](decisions/0035-calls-set-out-in-groups.md)). The gateway is one file, so that a start has less to load
  ([37](decisions/0037-the-gateway-is-one-file.md)). An order that ends is written beside what it was, and in no index again
  ([38](decisions/0038-room-beside-what-changes.md)).
- Tried, and not kept because no difference came out of the noise: two batches of a line under way instead of one; two threads for
  signatures instead of four; V8's larger young generation, eager baseline code and eager feedback; rows as arrays of columns or as single
  parameters instead of JSON (the sync of the commit costs the same); no foreign keys; a heap that grows further between two collections;
  threads for signatures that give way to the event loop; processors that are kept from their sleep; the event loop and PostgreSQL on a
  processor of their own each; look-ups that wait for company; a caller who is guessed from memory and looked up beside what he asks for
  (some percent less processor time, within the noise, for a second way to know who calls); a smaller young generation; large pages for
  the program; fewer connections to the database; an event loop that goes before all other threads; collections of garbage in one thread;
  a TCP connection to the database instead of a socket; a database, also with the event loop, that goes before everything else, in real time or with
  short slices; no groups of the scheduler's own making.
- Left to whoever runs it: other instructions for RSA, which change the limit, too ([how to find out](guide/capacity.md#a-processor-that-signs-faster-without-adx)).
- Left, and why: the one thread that reads, checks and answers is busy, or waits for a processor, before the machine is, and what it does is
  spread thin: no part of it is above a few percent. At 40 % load few come together, so a payment pays for more of its statements by
  itself, in five ways across the socket, with three syncs of the disk, and costs more processor time than in a crowd (compare the two
  rows); and who comes while a group is on its way waits for it.${alone(report)}
  Fewer statements for each payment are what is left: its recovery job is one that is written and taken back.
  And what is done seldom is done slowly: ${pauseMs} ms after it ran last, the code that reads and checks an order takes ${number(report.pauseCosts, 1)} times as
  long here as right after itself, though the processor did not sleep meanwhile; so it is seen where several systems share the hardware
  and its caches. Look at what an inquiry costs at 40 % load and in a crowd: it has next to no statements to share.

## With more connections

![Share of the limit, and times, by connections](images/performance-connections.svg)

| connections | inquiry, of the limit | p50 ms | p99 ms | order/create, of the limit | p50 ms | p99 ms |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${connections.join('\n')}

## With more rows

![Share of the limit, and times, by table size](images/performance-size.svg)

Each size has a server and a gateway of its own, and they are measured in turns.

| tokens and orders | inquiry, of the limit | p50 ms | order/create, of the limit | p50 ms |
| ---: | ---: | ---: | ---: | ---: |
${sizes.join('\n')}
${setting === undefined ? '' : `\n${settingPart(setting)}`}${steps === undefined ? '' : `\n${stepsPart(steps)}`}`;
}
