/**
 * The log. Lines carry declared fields only (an allow-list); bodies are never logged. As a second net every line is
 * scrubbed of runs of digits that look like a card number.
 */
import { pino } from 'pino';
import { scrub } from './scrub.ts';

/** All that a line may say. */
export interface LogFields {
  readonly requestId?: string;
  readonly operation?: string;
  readonly merchantId?: string;
  readonly code?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly job?: string;
  /** `done`, or `again` for one that will be tried again. */
  readonly jobOutcome?: 'done' | 'again';
  readonly connector?: string;
  /** What an acquirer was asked to do, e.g. `purchase`. */
  readonly verb?: string;
  /** What came of it, e.g. `approved`. */
  readonly outcome?: string;
  readonly attempt?: number;
  /** A notification's, for `waffo webhook show`. */
  readonly event?: string;
  readonly detail?: string;
  /** Only name, message, stack and cause are written. */
  readonly error?: unknown;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const allowed = [
  ...(['requestId', 'operation', 'merchantId', 'code', 'status', 'ms'] as const),
  ...(['connector', 'verb', 'outcome'] as const),
  ...(['job', 'jobOutcome', 'attempt', 'event', 'detail'] as const),
];

/**
 * @param options.level - pino's level names
 * @param options.write - receives each line, already scrubbed, with its newline
 */
export function createLog(options: { level: string; write: (line: string) => void }): Log {
  // A time in milliseconds has 13 digits, and one in ten of them would look like a card number.
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const sink = pino(settings, { write: (line: string) => options.write(scrub(line)) });
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      if (sink.isLevelEnabled(level)) sink[level](pick(fields), message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function pick(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const name of allowed) if (fields[name] !== undefined) line[name] = fields[name];
  if (fields.error !== undefined) line.error = describeError(fields.error);
  return line;
}

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}
