/** The arithmetic of `npm run capacity`, on figures that can be checked by heart and on the stored ones. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Performance, planFor } from '../bench/capacity.ts';

const cpu = (gateway: number, database: number) => ({ gateway, database });
const measured: Performance = {
  commit: 'abc',
  machine: 'a machine',
  results: [
    { name: 'order/create with a token', cpu: cpu(2_000, 1_000) },
    { name: 'order/create at 40 % load', cpu: cpu(4_000, 2_000) },
    { name: 'tokenization/generate', cpu: cpu(1_000, 500) },
    { name: 'tokenization/submit', cpu: cpu(3_000, 1_500) },
    { name: 'tokenization/inquiry', cpu: cpu(400, 100) },
  ],
  deliveriesPerSecond: 300,
  memoryMb: 100.5,
};

test('cores are processor time over the share of a core that is used, and a process is spare', () => {
  const plan = planFor(measured, { orders: 100, bindings: 100, inquiries: 1_000 });
  expect(plan.gatewayCores).toBeCloseTo((0.4 + 0.1 + 0.3 + 0.4) / 0.4);
  expect(plan.databaseCores).toBeCloseTo((0.2 + 0.05 + 0.15 + 0.1) / 0.4);
  // 300 notifications a second of 300 × 0.4: three workers, and the spare one.
  expect(plan).toMatchObject({ apiProcesses: 4, workers: 4, notifications: 300, memoryMb: 804 });
});

test('an order is planned at what it costs while few come at a time, which is more than at full load', () => {
  const { results } = measured;
  const rates = { orders: 100, bindings: 0, inquiries: 0 };
  const without = results.filter(({ name }) => name !== 'order/create at 40 % load');
  expect(planFor(measured, rates).gatewayCores).toBeCloseTo(0.4 / 0.4);
  expect(() => planFor({ ...measured, results: without }, rates)).toThrow(/share of order\/create at 40 % load/);
});

test('a call that was not measured is not guessed', () => {
  const rates = { orders: 1, bindings: 0, inquiries: 0 };
  expect(() => planFor({ ...measured, results: [] }, rates)).toThrow(/does not tell/);
});

test('the stored run tells all that a plan needs', () => {
  const stored = JSON.parse(readFileSync(new URL('../docs/performance.json', import.meta.url), 'utf8')) as Performance;
  const plan = planFor(stored, { orders: 10, bindings: 1, inquiries: 10 });
  expect(Object.values(plan).every((value) => value > 0)).toBe(true);
});
