/** The composition root: settings → a running gateway. A list, not a place for logic. */
import type { Config } from './config.ts';
import { openConnectors } from './connector/open.ts';
import { armCrashPoint } from './crash-point.ts';
import type { Gateway } from './gateway.ts';
import { type Ground, type GroundParts, openGround } from './ground.ts';
import { buildHttp } from './http/app.ts';
import { healthChecks } from './http/health.ts';
import { type Listener, listen } from './http/listen.ts';
import { buildOperator } from './http/operator.ts';
import { operatorKeyIn } from './http/operator-key.ts';
import { ensureStanding } from './job/queue.ts';
import { type Runner, startRunner } from './job/runner.ts';
import { together } from './job/runners.ts';
import { jobsOf, standingJobs } from './jobs.ts';
import { openLimits } from './limits/limits.ts';
import { openPlatformKeys } from './merchant/platform-keys.ts';
import { ensureSandbox, type SandboxFile } from './merchant/sandbox-home.ts';
import { operations } from './operations.ts';
import { operatorProblems, operatorRoutes } from './operator.ts';
import { pages } from './pages.ts';
import { refuseSandboxIn } from './production.ts';
import { recordAccess } from './vault/access-log.ts';
import { createEgress, egressRulesOf } from './webhook/egress.ts';

export interface App {
  /** Origin under which others reach it, e.g. `https://pay.example`. */
  readonly url: string;
  /** Origin of the listener itself, e.g. `http://127.0.0.1:4010`. */
  readonly listensOn: string;
  /** Origin of the operator API; undefined when it is off. */
  readonly operatorUrl: string | undefined;
  readonly gateway: Gateway;
  readonly runner: Runner;
  /** What merchants of the sandbox need; a worker answers none. */
  readonly sandbox: SandboxFile | undefined;
  /** Stops listening, lets running work end, closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway.
 *
 * @param config - from `configFrom`
 * @param parts - what a test puts in the place of the real thing
 * @throws Error with one sentence for the operator when a key, the database or the port cannot be used
 */
export async function startApp(config: Config, parts: Omit<GroundParts, 'besideGateway'> = {}): Promise<App> {
  armCrashPoint(config.crashAt, config.home);
  const ground = await openGround(config, parts);
  const undo: (() => Promise<void>)[] = [ground.close];
  try {
    return await compose(ground, undo);
  } catch (error) {
    await stopAll(undo);
    throw error;
  }
}

async function compose(ground: Ground, undo: (() => Promise<void>)[]): Promise<App> {
  const { config, clock, log, database, keyring } = ground;
  const connectors = openConnectors(ground);
  undo.unshift(connectors.stop);
  if (config.environment === 'production') await refuseSandboxIn(database, connectors);
  await recordAccess(ground, { merchantId: '', actor: 'gateway', act: 'gateway.start' });
  undo.unshift(() => recordStop(ground));
  const platformKeys = await openPlatformKeys({ database, keyring, clock });
  const egress = createEgress(egressRulesOf(config));
  undo.unshift(() => Promise.resolve(egress.close()));
  const limits = openLimits(ground);
  undo.unshift(() => Promise.resolve(limits.callRates.stop()));
  let runner: Runner | undefined;
  let url = config.publicUrl ?? '';
  const gateway: Gateway = {
    config,
    clock,
    log,
    database,
    keyring,
    platformKeys,
    connectors,
    egress,
    limits,
    publicUrl: () => url,
    nudge: () => runner?.nudge(),
  };
  const { role } = config;
  const doors = role === 'worker' ? ([[], []] as const) : ([operations, pages] as const);
  const metrics = config.hasMetrics ? ground.metrics : undefined;
  const http = await buildHttp(gateway, ...doors, metrics, healthChecks(ground));
  const listener: Listener = await listen(http, config);
  undo.unshift(listener.stop);
  url = config.publicUrl ?? listener.url;
  const demoUrl = `http://127.0.0.1:${config.demoPort}`;
  const hasSandbox = role !== 'worker' && config.environment === 'sandbox';
  const sandbox = !hasSandbox
    ? undefined
    : await ensureSandbox(gateway, { home: config.home, publicUrl: url, demoUrl });
  await ensureStanding(database, standingJobs, clock.now());
  const tables = role === 'api' ? [] : jobsOf(gateway);
  runner = together(tables.map((jobs) => startRunner({ database, clock, log }, jobs, pollOf(role))));
  undo.unshift(runner.stop);
  const operator = await openOperator(gateway);
  if (operator !== undefined) undo.unshift(operator.stop);
  undo.unshift(listener.leave);
  const listensOn = listener.url;
  return { url, listensOn, operatorUrl: operator?.url, gateway, runner, sandbox, stop: () => stopAll(undo) };
}

/** A database that is away keeps nobody from an ordinary stop; the entry is missing then, and the log says so. */
async function recordStop(ground: Ground): Promise<void> {
  try {
    await recordAccess(ground, { merchantId: '', actor: 'gateway', act: 'gateway.stop' });
  } catch (error) {
    ground.log.warn('the stop is not in the access log', { error });
  }
}

/** Those who queue work for a worker are other processes: it looks more often than one that is told. */
const pollOf = (role: Config['role']) => (role === 'worker' ? { pollMs: 200 } : {});

async function openOperator(gateway: Gateway): Promise<Listener | undefined> {
  const { operatorPort: port, home } = gateway.config;
  if (port === undefined) return undefined;
  const http = buildOperator(gateway, operatorRoutes, operatorProblems, await operatorKeyIn(home));
  return listen(http, { host: '127.0.0.1', port, setting: 'WAFFO_OPERATOR_PORT' });
}

/** Stops everything, also when one part fails to. */
async function stopAll(steps: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.splice(0)) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
