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

/** What is well enough to go on, and what is not; `unknown`: it is asked of the database, which does not answer. */
type Health = 'ok' | 'late' | 'failed' | 'unknown';

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

const databaseName = 'database';
const ping = statement('health/ping', 'select 1');

export const databaseCheck = ({ database }: Pick<Gateway, 'database'>): HealthCheck => ({
  name: databaseName,
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
    const found = await Promise.all(
      checks.map(async (check) => [check.name, await healthOf(gateway, check, request.id)] as const),
    );
    const isLeft = isLeaving(http);
    const ready = !isLeft && found.every(([, health]) => health !== 'failed');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: isLeft ? 'leaving' : ready ? 'ready' : 'unavailable', checks: causesIn(found) });
  });
  if (metrics === undefined) return;
  http.get('/metrics', async (_request, reply) => {
    const lag = await queueLagMs(gateway.database, gateway.clock.now()).catch(() => undefined);
    return reply.type(metrics.contentType).send(await metrics.text(lag));
  });
}

/** Whoever reads that the keys failed looks for the keys, and not for the database that could not be asked about them. */
function causesIn(found: readonly (readonly [name: string, health: Health])[]): Record<string, Health> {
  const isAway = found.some(([name, health]) => name === databaseName && health === 'failed');
  const toldOf = (name: string, health: Health): Health =>
    isAway && name !== databaseName && health === 'failed' ? 'unknown' : health;
  return Object.fromEntries(found.map(([name, health]) => [name, toldOf(name, health)]));
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
