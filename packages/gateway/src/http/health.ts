/** `GET /health/live` and `/health/ready`, for supervisors. Not signed: no merchant asks. They say which part is at fault, never why. */
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway.ts';
import { statement } from '../storage/database.ts';

/** Something that the gateway cannot work without. */
export interface HealthCheck {
  /** As the answer names it, e.g. `database`. */
  readonly name: string;
  /** Rejects when it is not well. */
  check(): Promise<unknown>;
}

/** A check that takes longer has failed. */
const patienceMs = 2_000;

const ping = statement('health/ping', 'select 1');

/** Asks the database for an answer. */
export const databaseCheck = ({ database }: Pick<Gateway, 'database'>): HealthCheck => ({
  name: 'database',
  check: () => database.rows(ping),
});

/** Adds both paths. */
export function addHealth(http: FastifyInstance, gateway: Gateway, checks: readonly HealthCheck[]): void {
  http.get('/health/live', () => ({ status: 'live' }));
  http.get('/health/ready', async (request, reply) => {
    const results = await Promise.all(checks.map((check) => isWell(gateway, check, request.id)));
    const ready = results.every((well) => well);
    const named = checks.map(({ name }, index) => [name, results[index] ? 'ok' : 'failed']);
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(named) });
  });
}

async function isWell({ clock, log }: Gateway, { name, check }: HealthCheck, requestId: string): Promise<boolean> {
  let timer = { cancel: () => {} };
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
  });
  try {
    await Promise.race([check(), late]);
    return true;
  } catch (error) {
    log.warn('a health check failed', { requestId, detail: name, error });
    return false;
  } finally {
    timer.cancel();
  }
}
