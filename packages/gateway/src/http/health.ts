/**
 * `GET /health/live`, `/health/ready` and `/metrics`, for supervisors. Not signed: no merchant asks. They say which part is at
 * fault, never why.
 */
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway.ts';
import { queueLagMs } from '../job/queue.ts';
import type { Metrics } from '../observe/metrics.ts';
import { statement } from '../storage/database.ts';
import { pendingMigrations } from '../storage/migrate.ts';
import { isLeaving } from './leave.ts';

/** What is well enough to go on, and what is not. */
type Health = 'ok' | 'late' | 'failed';

/** Something that the gateway cannot work without. */
export interface HealthCheck {
  /** As the answer names it, e.g. `database`. */
  readonly name: string;
  /** Rejects when it is not well; `late` is told and keeps nobody away. */
  check(): Promise<unknown>;
}

/** A check that takes longer has failed. */
const patienceMs = 2_000;
/** Work that has been due for longer shows that nobody does it, or too few. */
const lateMs = 60_000;

const ping = statement('health/ping', 'select 1');

export const databaseCheck = ({ database }: Pick<Gateway, 'database'>): HealthCheck => ({
  name: 'database',
  check: () => database.rows(ping),
});

/**
 * What readiness depends on: a database that answers, of this version's schema, keys that are there, work that gets done.
 *
 * @param checkKeks - rejects when the operator's keys are gone or replaced
 */
export const healthChecks = ({
  database,
  clock,
  checkKeks,
}: Pick<Gateway, 'database' | 'clock'> & { checkKeks(): Promise<void> }): HealthCheck[] => [
  databaseCheck({ database }),
  {
    name: 'migrations',
    async check() {
      const pending = await pendingMigrations(database);
      if (pending > 0) throw new Error(`${pending} migrations are not applied; run waffo migrate`);
    },
  },
  { name: 'keys', check: checkKeks },
  {
    name: 'queue',
    check: async (): Promise<Health> => ((await queueLagMs(database, clock.now())) > lateMs ? 'late' : 'ok'),
  },
];

/** Adds the paths; `metrics` is undefined where nobody may ask for them. */
export function addHealth(
  http: FastifyInstance,
  gateway: Gateway,
  checks: readonly HealthCheck[],
  metrics: Metrics | undefined,
): void {
  http.get('/health/live', () => ({ status: 'live' }));
  http.get('/health/ready', async (request, reply) => {
    const results = await Promise.all(checks.map((check) => healthOf(gateway, check, request.id)));
    const isLeft = isLeaving(http);
    const ready = !isLeft && !results.includes('failed');
    const named = checks.map(({ name }, index) => [name, results[index]]);
    return reply
      .code(ready ? 200 : 503)
      .send({ status: isLeft ? 'leaving' : ready ? 'ready' : 'unavailable', checks: Object.fromEntries(named) });
  });
  if (metrics === undefined) return;
  http.get('/metrics', async (_request, reply) => {
    const lag = await queueLagMs(gateway.database, gateway.clock.now()).catch(() => undefined);
    return reply.type(metrics.contentType).send(await metrics.text(lag));
  });
}

async function healthOf({ clock, log }: Gateway, { name, check }: HealthCheck, requestId: string): Promise<Health> {
  let timer = { cancel: () => {} };
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
  });
  try {
    return (await Promise.race([check(), late])) === 'late' ? 'late' : 'ok';
  } catch (error) {
    log.warn('a health check failed', { requestId, detail: name, error });
    return 'failed';
  } finally {
    timer.cancel();
  }
}
