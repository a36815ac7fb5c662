/**
 * Figures for Prometheus, read off the log: what a line of the log says of calls, jobs and warnings is counted here before
 * the level decides whether it is written. So the two cannot disagree, and nobody has to tell both. Labels are paths of
 * operations, wire codes and kinds of jobs: a few hundred series, and never a merchant's or an object's id.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Log, LogFields } from './log.ts';

export interface Metrics {
  /** In Prometheus' text format. @param queueLagMs - undefined when the database does not say */
  text(queueLagMs: number | undefined): Promise<string>;
  /** Its `Content-Type`. */
  readonly contentType: string;
}

type Level = keyof Log;

/** In seconds: 1 ms to 10 s. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * @param log - where the lines go on to
 * @returns the log to use in its place, and the figures
 * @example const { log, metrics } = measure(createLog({ level: 'info', write }));
 */
export function measure(log: Log): { readonly log: Log; readonly metrics: Metrics } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const count = counters(registry);
  const lag = new Gauge({
    name: 'waffo_queue_lag_seconds',
    help: 'How long the work that is due longest has waited; NaN while the database does not say.',
    registers: [registry],
  });
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}): void => {
      count(level, fields);
      log[level](message, fields);
    };
  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    metrics: {
      text(queueLagMs) {
        lag.set(queueLagMs === undefined ? Number.NaN : queueLagMs / 1_000);
        return registry.metrics();
      },
      contentType: registry.contentType,
    },
  };
}

function counters(registry: Registry): (level: Level, fields: LogFields) => void {
  const counter = <Label extends string>(name: string, labelNames: Label[], help: string) =>
    new Counter({ name, labelNames, help, registers: [registry] });
  const seconds = <Label extends string>(name: string, labelNames: Label[], help: string) =>
    new Histogram({ name, labelNames, help, buckets, registers: [registry] });
  const requests = counter(
    'waffo_requests_total',
    ['operation', 'code'],
    'Answered requests by operation and wire code; requests to no operation have none.',
  );
  const requestSeconds = seconds(
    'waffo_request_seconds',
    ['operation'],
    'Time from the headers of a request to its signed answer.',
  );
  const pages = counter(
    'waffo_pages_total',
    ['page', 'status'],
    "Shoppers' pages that were answered, by path and HTTP status.",
  );
  const acquirerCalls = counter(
    'waffo_acquirer_calls_total',
    ['connector', 'verb', 'outcome'],
    'Calls to acquirers by connector, verb and outcome: approved, declined, unknown; of an inquiry also never.',
  );
  const acquirerSeconds = seconds(
    'waffo_acquirer_seconds',
    ['connector', 'verb'],
    'Time until an acquirer answered, or was no longer waited for.',
  );
  const jobs = counter('waffo_jobs_total', ['job', 'outcome'], 'Jobs that ended or will be tried again, by kind.');
  const lines = counter('waffo_log_lines_total', ['level'], 'Warnings and errors in the log.');
  // An alert on their rate must see the first one, too.
  for (const level of ['warn', 'error']) lines.inc({ level }, 0);
  return (level, fields) => {
    const { operation = 'none', code, status, ms, connector, verb, outcome, job, jobOutcome } = fields;
    if (level === 'warn' || level === 'error') lines.inc({ level });
    if (code !== undefined && ms !== undefined) {
      requests.inc({ operation, code });
      requestSeconds.observe({ operation }, ms / 1_000);
    } else if (status !== undefined && ms !== undefined) {
      pages.inc({ page: operation, status });
    }
    if (connector !== undefined && verb !== undefined && outcome !== undefined && ms !== undefined) {
      acquirerCalls.inc({ connector, verb, outcome });
      acquirerSeconds.observe({ connector, verb }, ms / 1_000);
    }
    if (job !== undefined && jobOutcome !== undefined) jobs.inc({ job, outcome: jobOutcome });
  };
}
