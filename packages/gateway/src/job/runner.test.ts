import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { travelTo } from '../../../../test/kit/travel.ts';
import { VirtualClock } from '../clock.ts';
import { createLog } from '../observe/log.ts';
import { enqueue } from './queue.ts';
import { type Job, type JobResult, type JobTable, type Runner, type RunnerOptions, startRunner } from './runner.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});

const runners: Runner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.stop();
  await database.rows({ name: 'test/clear', text: 'delete from job' });
});

const beginning = new Date('2026-11-23T12:00:00.000Z');
const after = (ms: number) => new Date(beginning.getTime() + ms);

/** Everything that one process has: its clock, its log and its runner. */
function processWith(jobs: JobTable, clock = new VirtualClock(beginning), options: RunnerOptions = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line) });
  const runner = startRunner({ database, clock, log }, jobs, options);
  runners.push(runner);
  return { runner, clock, lines };
}

interface Queued {
  readonly name: string;
  readonly merchantId?: string;
  readonly kind?: string;
  readonly lane?: string;
  readonly dueAt?: Date;
}

/** Queues in one transaction, in this order. */
const queue = (...jobs: Queued[]) =>
  database.transaction(async (tx) => {
    for (const { name, merchantId = 'M1', kind = 'k', lane, dueAt = beginning } of jobs) {
      await enqueue(tx, { kind, merchantId, ...(lane && { lane }), payload: { name }, dueAt, now: beginning });
    }
  });

const nameOf = (job: Job) => (job.payload as { name: string }).name;

/** A job kind that keeps what it ran, and does as it is told. */
function recorder(result: (job: Job) => JobResult | Promise<JobResult> = () => 'done') {
  const ran: string[] = [];
  const run = async (job: Job) => {
    ran.push(nameOf(job));
    return result(job);
  };
  return { ran, jobs: { k: { run } } };
}

const rowCount = async () => (await database.rows({ name: 'test/jobs', text: 'select from job' })).length;

/** Goes from due time to due time, as the test kit does. */
async function travel({ runner, clock }: { runner: Runner; clock: VirtualClock }, until: Date): Promise<void> {
  await travelTo(runner, clock, until);
}

describe('a job', () => {
  test('runs once when it is due, not before, and is gone', async () => {
    const { ran, jobs } = recorder();
    const here = processWith(jobs);
    await queue({ name: 'now' }, { name: 'later', dueAt: after(5_000) });
    expect(await here.runner.drain()).toBe(1);
    expect(ran).toEqual(['now']);
    expect(await here.runner.nextDue()).toEqual(after(5_000));
    here.clock.moveTo(after(4_999));
    await here.runner.drain();
    expect(ran).toEqual(['now']);
    here.clock.moveTo(after(5_000));
    await here.runner.drain();
    expect(ran).toEqual(['now', 'later']);
    expect(await rowCount()).toBe(0);
    expect(await here.runner.nextDue()).toBeUndefined();
  });

  test('that was rolled back with its transaction never runs', async () => {
    const { ran, jobs } = recorder();
    const { runner } = processWith(jobs);
    const work = database.transaction(async (tx) => {
      await enqueue(tx, { kind: 'k', merchantId: 'M1', payload: { name: 'lost' }, dueAt: beginning, now: beginning });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    await runner.drain();
    expect(ran).toEqual([]);
  });

  test('is told what it was queued with, and how often it was tried', async () => {
    const seen: unknown[] = [];
    const here = processWith({
      k: {
        run: async ({ kind, merchantId, payload, attempts }) => {
          seen.push({ kind, merchantId, payload, attempts });
          return attempts < 2 ? { retryAt: after(1_000 * (attempts + 1)) } : 'done';
        },
      },
    });
    await queue({ name: 'x', merchantId: 'M7' });
    await travel(here, after(10_000));
    expect(seen).toEqual(
      [0, 1, 2].map((attempts) => ({ kind: 'k', merchantId: 'M7', payload: { name: 'x' }, attempts })),
    );
  });

  test('of a kind that this process does not know is left for one that does', async () => {
    const { ran, jobs } = recorder();
    const { runner } = processWith(jobs);
    await queue({ name: 'strange', kind: 'from-the-future' });
    expect(await runner.drain()).toBe(0);
    expect(await runner.nextDue()).toBeUndefined();
    expect([ran, await rowCount()]).toEqual([[], 1]);
  });

  test('that throws is tried again later and later, and each failure is logged once', async () => {
    const times: number[] = [];
    const { runner, clock, lines } = processWith({
      k: {
        run: async () => {
          times.push(clock.now().getTime());
          throw new Error('the disk is on fire');
        },
      },
    });
    await queue({ name: 'x' });
    await travel({ runner, clock }, after(3 * 3_600_000));
    const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1_000);
    for (const [index, gap] of gaps.entries()) {
      const middle = Math.min(3_600, 2 ** index);
      expect(gap).toBeGreaterThanOrEqual(middle * 0.75);
      expect(gap).toBeLessThanOrEqual(middle * 1.25);
    }
    expect(gaps.length).toBeGreaterThan(10);
    expect(new Set(gaps.map((gap, index) => gap / 2 ** index)).size).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes('the disk is on fire'))).toHaveLength(times.length);
    expect(await rowCount()).toBe(1);
  });
});

describe('a lane', () => {
  test('keeps the order in which its jobs were written, though they are due at the same moment', async () => {
    const { ran, jobs } = recorder();
    const { runner } = processWith(jobs);
    const names = Array.from({ length: 30 }, (_, index) => `${index}`);
    await queue(...names.map((name) => ({ name, lane: 'order' })));
    await runner.drain();
    expect(ran).toEqual(names);
  });

  test('never runs two of its jobs at once, whatever the number of processes', async () => {
    let inside = 0;
    const { ran, jobs } = recorder(async (): Promise<JobResult> => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
      return 'done';
    });
    const processes = [1, 2, 3].map(() => processWith(jobs));
    const names = Array.from({ length: 20 }, (_, index) => `${index}`);
    await queue(...names.map((name) => ({ name, lane: 'order' })));
    for (let round = 0; ran.length < 20 && round < 200; round++) {
      await Promise.all(processes.map(({ runner }) => runner.drain()));
    }
    expect(ran).toEqual(names);
  });

  test('holds the second back while the first fails, and opens after three failures', async () => {
    const log: string[] = [];
    const here = processWith({
      k: {
        run: async (job) => {
          log.push(`${nameOf(job)} at ${(here.clock.now().getTime() - beginning.getTime()) / 1_000}`);
          return nameOf(job) === 'second' ? 'done' : { retryAt: new Date(here.clock.now().getTime() + 30_000) };
        },
      },
    });
    await queue({ name: 'first', lane: 'order' }, { name: 'second', lane: 'order' });
    await travel(here, after(100_000));
    expect(log).toEqual(['first at 0', 'first at 30', 'first at 60', 'second at 60', 'first at 90']);
  });

  test('does not hold up other lanes, other merchants with the same object id, or jobs without a lane', async () => {
    const { ran, jobs } = recorder((job) => (nameOf(job) === 'stuck' ? { retryAt: after(60_000) } : 'done'));
    const { runner } = processWith(jobs);
    await queue(
      { name: 'stuck', lane: 'order' },
      { name: 'behind', lane: 'order' },
      { name: 'other lane', lane: 'other' },
      { name: 'other merchant', lane: 'order', merchantId: 'M2' },
      { name: 'no lane' },
    );
    await runner.drain();
    expect(ran.sort()).toEqual(['no lane', 'other lane', 'other merchant', 'stuck']);
    expect(await runner.nextDue()).toEqual(after(60_000));
  });
});

describe('a lease', () => {
  test('keeps a job to one of several processes', async () => {
    const { ran, jobs } = recorder();
    const processes = [1, 2, 3, 4].map(() => processWith(jobs));
    await queue(...Array.from({ length: 100 }, (_, index) => ({ name: `${index}` })));
    await Promise.all(processes.map(({ runner }) => runner.drain()));
    await Promise.all(processes.map(({ runner }) => runner.drain()));
    expect(ran).toHaveLength(100);
    expect(new Set(ran).size).toBe(100);
  });

  test('runs out after a minute: the job of a process that died is run by another, and counts as tried', async () => {
    const leased = `update job set lease_id = $1, leased_until = $2`;
    await queue({ name: 'orphan' });
    await database.rows({ name: 'test/lease', text: leased }, [randomUUID(), after(60_000)]);
    const attempts: number[] = [];
    const here = processWith({
      k: {
        run: async (job) => {
          attempts.push(job.attempts);
          return 'done';
        },
      },
    });
    await here.runner.drain();
    expect(attempts).toEqual([]);
    expect(await here.runner.nextDue()).toEqual(after(60_000));
    here.clock.moveTo(after(60_000));
    await here.runner.drain();
    expect(attempts).toEqual([1]);
  });

  test.each(['done', { retryAt: after(3_600_000) }] as const)(
    'that was lost while the job ran is noticed: its late end (%j) changes nothing',
    async (lateEnd) => {
      const held: ((end: JobResult) => void)[] = [];
      const stalled = processWith({ k: { run: () => new Promise<JobResult>((resolve) => held.push(resolve)) } });
      await queue({ name: 'x' });
      stalled.runner.nudge();
      await vi.waitFor(() => expect(held).toHaveLength(1));

      const second = recorder(() => ({ retryAt: after(120_000) }));
      const other = processWith(second.jobs, new VirtualClock(after(60_000)));
      await other.runner.drain();
      expect(second.ran).toEqual(['x']);

      held[0]?.(lateEnd);
      await vi.waitFor(() => expect(stalled.lines.join()).toContain('longer than its lease'));
      expect(await other.runner.nextDue()).toEqual(after(120_000));
      expect(await rowCount()).toBe(1);
    },
  );
});

describe('a runner', () => {
  test('finds work by itself: when nudged, and when the clock reaches the due time', async () => {
    const { ran, jobs } = recorder();
    const { runner, clock } = processWith(jobs, undefined, { pollMs: 3_600_000 });
    await runner.drain();
    await queue({ name: 'first' });
    runner.nudge();
    await vi.waitFor(() => expect(ran).toEqual(['first']));
    await queue({ name: 'second', dueAt: after(5_000) });
    runner.nudge();
    await vi.waitFor(() => {
      clock.moveTo(new Date(Math.max(clock.now().getTime(), after(5_000).getTime())));
      expect(ran).toEqual(['first', 'second']);
    });
  });

  test('finds work that another process queued at its next poll', async () => {
    const { ran, jobs } = recorder();
    const { runner, clock } = processWith(jobs);
    await runner.drain();
    await queue({ name: 'from elsewhere' });
    await vi.waitFor(() => {
      clock.moveTo(new Date(clock.now().getTime() + 1_000));
      expect(ran).toEqual(['from elsewhere']);
    });
  });

  test('asks the database nothing while there is nothing to do', async () => {
    let statements = 0;
    const rows: TestDatabase['rows'] = (...all) => {
      statements += 1;
      return database.rows(...all);
    };
    const log = createLog({ level: 'debug', write: () => {} });
    const runner = startRunner(
      { database: { ...database, rows }, clock: new VirtualClock(beginning), log },
      recorder().jobs,
    );
    runners.push(runner);
    await queue({ name: 'far away', dueAt: after(500) });
    await runner.drain();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = statements;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(statements).toBe(before);
  });

  test('leaves places for others when the jobs of one merchant hang', async () => {
    const ran: string[] = [];
    const hanging: (() => void)[] = [];
    const { runner } = processWith(
      {
        k: {
          run: async (job) => {
            if (job.merchantId === 'dead') await new Promise<void>((resolve) => hanging.push(resolve));
            else ran.push(nameOf(job));
            return 'done';
          },
        },
      },
      undefined,
      { concurrency: 8 },
    );
    await queue(...Array.from({ length: 40 }, (_, index) => ({ name: `${index}`, merchantId: 'dead' })));
    await queue({ name: 'alive', merchantId: 'alive' });
    runner.nudge();
    await vi.waitFor(() => expect(ran).toEqual(['alive']));
    expect(hanging.length).toBeLessThan(8);
    const drained = runner.drain();
    const timer = setInterval(() => hanging.splice(0).forEach((release) => void release()), 1);
    await drained;
    clearInterval(timer);
    expect(await rowCount()).toBe(0);
  });

  test('does not read the long queue of one host again for each job that ends, and still finds what comes behind it', async () => {
    const looks: { known: number; strangers: number }[] = [];
    const rows: TestDatabase['rows'] = (asked, values = []) => {
      if (asked.name === 'job/claim') looks.push({ known: Number(values[5]), strangers: Number(values[7]) });
      return database.rows(asked, values);
    };
    const ended: string[] = [];
    const run = async (job: Job): Promise<JobResult> => {
      ended.push(nameOf(job));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return 'done';
    };
    const log = createLog({ level: 'debug', write: () => {} });
    await database.rows(
      {
        name: 'test/long-queue',
        text: `insert into job (merchant_id, kind, host, payload, due_at, created_at)
        select 'M1', 'k', 'shop.example', jsonb_build_object('name', n), $1, $1 from generate_series(1, 3000) as n`,
      },
      [beginning],
    );
    await queue({ name: 'another', merchantId: 'M2', dueAt: after(1) });
    const clock = new VirtualClock(after(2));
    const runner = startRunner({ database: { ...database, rows }, clock, log }, { k: { run } });
    runners.push(runner);
    await vi.waitFor(() => expect(ended).toHaveLength(3_001), { timeout: 20_000, interval: 20 });
    expect(ended.indexOf('another')).toBeLessThan(1_500);
    const passing = looks.filter(({ strangers }) => strangers > 0).length;
    expect(passing).toBeGreaterThan(0);
    expect(passing).toBeLessThan(looks.length / 2);
  }, 30_000);

  test('goes on when the database was away, and says so once', async () => {
    const { ran, jobs } = recorder();
    const { clock, lines } = processWith(jobs);
    await queue({ name: 'x', dueAt: after(1) });
    await database.whileUnreachable(async () => {
      for (let poll = 0; poll < 5; poll++) {
        clock.moveTo(new Date(clock.now().getTime() + 1_000));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    await vi.waitFor(() => {
      clock.moveTo(new Date(clock.now().getTime() + 1_000));
      expect(ran).toEqual(['x']);
    });
    expect(lines.filter((line) => line.includes('the queue cannot be read'))).toHaveLength(1);
  });

  test('stops only when what it runs has ended, and claims nothing after that', async () => {
    const { ran, jobs } = recorder(async (): Promise<JobResult> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return 'done';
    });
    const { runner } = processWith(jobs);
    await queue({ name: 'running' });
    runner.nudge();
    await vi.waitFor(() => expect(ran).toEqual(['running']));
    await runner.stop();
    expect(await rowCount()).toBe(0);
    await queue({ name: 'too late' });
    runner.nudge();
    expect(await runner.drain()).toBe(0);
    expect(ran).toEqual(['running']);
  });
});
