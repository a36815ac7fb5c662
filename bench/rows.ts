/** The rows of the first table, and the two calls that are also measured along something. */
import { ceilingWith, cores } from './ceiling.ts';
import { type Bench, measure, type Result, type Sent, TooFew } from './measure.ts';
import { naively } from './naively.ts';
import type { Call } from './paces.ts';
import { sayPhase } from './progress.ts';
import * as scenarios from './scenarios.ts';

export interface Row {
  readonly name: string;
  /** Once: prepares, warms up and measures; again only when the requests did not suffice. */
  measure(): Promise<Result>;
}

/** The load of a machine on which nobody waits long. */
export const easyLoad = 0.4;
export const createName = 'order/create with a token';
export const sameRefusalName = 'the same refusal (signature stored)';
export const repeatName = 'the same again (idempotent)';
export const steadyName = 'order/create at 40 % load';
export const steadyInquiryName = 'tokenization/inquiry at 40 % load';
/** V8 optimises by how often code has run, and at an easy load that takes longer. */
export const warmUpsBeforeEasyLoad = 3;

/** @param call - whose pace the row tells, for those that may not repeat their requests */
const row = (bench: Bench, name: string, prepare: () => Promise<Sent>, call?: Call): Row => ({
  name,
  async measure() {
    for (;;) {
      try {
        const result = await measure(bench, name, await prepare());
        bench.paces.note(result, call);
        return result;
      } catch (error) {
        if (!(error instanceof TooFew) || call === undefined) throw error;
        sayPhase('all were sent before the time was over: once more, with twice as many');
        bench.paces.double(call);
      }
    }
  },
});

export const inquiryRow = (bench: Bench, tokens: readonly string[]): Row =>
  row(bench, 'tokenization/inquiry', () => scenarios.inquiries(bench, tokens));

export const createRow = (bench: Bench, tokens: readonly string[]): Row =>
  row(bench, createName, () => scenarios.orders(bench, tokens), 'order/create');

const generateRow = (bench: Bench): Row =>
  row(bench, 'tokenization/generate', () => scenarios.generates(bench), 'tokenization/generate');

const submitRow = (bench: Bench): Row =>
  row(bench, 'tokenization/submit', () => scenarios.submits(bench), 'tokenization/submit');

/** Calls a second, asked for when all rows before are measured. */
type Rate = () => Promise<number> | number;

const atEasyLoad = (bench: Bench): Bench => ({
  ...bench,
  warmUpSeconds: warmUpsBeforeEasyLoad * bench.warmUpSeconds,
});

function steadyRow(bench: Bench, tokens: readonly string[], rate: Rate): Row {
  const easy = atEasyLoad(bench);
  return row(easy, steadyName, async () => scenarios.ordersAt(easy, tokens, await rate()));
}

const steadyInquiryRow = (bench: Bench, tokens: readonly string[], rate: Rate): Row =>
  row(atEasyLoad(bench), steadyInquiryName, async () => ({
    ...(await scenarios.inquiries(bench, tokens)),
    rate: await rate(),
  }));

/** What one version is compared with another by; the row in the open loop is the last. */
export const stepRows = (bench: Bench, tokens: readonly string[], rate: () => number): readonly Row[] => [
  inquiryRow(bench, tokens),
  createRow(bench, tokens),
  generateRow(bench),
  submitRow(bench),
  steadyRow(bench, tokens, rate),
];

/** What a setting is judged by: signatures with nothing beside them come first. */
export const settingRows = (
  bench: Bench,
  tokens: readonly string[],
  rate: () => number,
  settings: Readonly<Record<string, string>> = {},
): readonly Row[] => [signaturesRow(settings), ...stepRows(bench, tokens, rate)];

/** A process of their own makes them, for some settings are read when a program starts. */
function signaturesRow(settings: Readonly<Record<string, string>>): Row {
  const name = 'signatures alone';
  const nobodyWaits = { p50: Number.NaN, p99: Number.NaN, cpu: { generator: 0 }, connections: cores };
  return {
    name,
    async measure() {
      const usual = await ceilingWith({});
      const requestsPerSecond = await ceilingWith(settings);
      return { ...nobodyWaits, name, requestsPerSecond, ratio: requestsPerSecond / usual };
    },
  };
}

export function rowsOf(bench: Bench, tokens: readonly string[]): readonly Row[] {
  // Measured anew right before: by then the machine may be faster or slower than when these rows were taken.
  const once = { ...bench, rounds: 1 };
  const share = async (row: Row): Promise<number> => easyLoad * (await row.measure()).requestsPerSecond;
  return [
    row(bench, sameRefusalName, () => scenarios.sameRefusal(bench)),
    row(bench, 'refusals that differ (each signed)', () => scenarios.differingRefusals(bench)),
    inquiryRow(bench, tokens),
    createRow(bench, tokens),
    row(bench, repeatName, () => scenarios.repeats(bench, tokens)),
    generateRow(bench),
    submitRow(bench),
    steadyInquiryRow(bench, tokens, () => share(inquiryRow(once, tokens))),
    steadyRow(bench, tokens, () => share(createRow(once, tokens))),
    { name: 'one write, naively', measure: () => naively(bench) },
  ];
}
