/**
 * A gateway that is about to stop says so first and answers on: `/health/ready` sends its balancer to the others, and each
 * answer asks its client to come back on another connection. Without that, whoever writes to a kept connection in the moment
 * in which it is closed, or connects in the moment in which nobody accepts any more, is reset and cannot know what was done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

const leaving = new WeakSet<object>();

/** Whether it takes no new callers. */
export const isLeaving = (http: FastifyInstance): boolean => leaving.has(http.server);

/**
 * Says that it leaves, and waits as long as balancers need to hear it.
 *
 * @param http - goes on answering meanwhile
 * @param drainMs - real time; 0: nobody is waited for
 */
export async function leave(http: FastifyInstance, drainMs: number): Promise<void> {
  leaving.add(http.server);
  if (drainMs > 0) await sleep(drainMs);
}
