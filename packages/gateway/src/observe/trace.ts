/**
 * Spans for OpenTelemetry, by its API alone: whoever loads an SDK beside the gateway sees them, and without one they cost next
 * to nothing. Attributes are declared here and carry names, codes and ids; never a body, a card, a URL or an error's text.
 */
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Fault } from '../fault.ts';

/** The hops of a call: a request, its operation once the caller is known, the acquirer; and of what is due: a job, a notification. */
type Hop = 'request' | 'operation' | 'connector' | 'job' | 'webhook';

/** All that a span may say. */
interface SpanFields {
  readonly requestId?: string;
  readonly operation?: string;
  readonly merchantId?: string;
  /** Of the wire, such as `0` or `C0001`. */
  readonly code?: string;
  readonly status?: number;
  readonly job?: string;
  readonly attempt?: number;
  readonly connector?: string;
  readonly verb?: string;
  /** The kind of an outcome, such as `approved`; of a notification, `acknowledged` or not. */
  readonly outcome?: string;
}

/** What the work of a hop may tell of it. */
export interface Traced {
  note(fields: SpanFields): void;
}

const names: Readonly<Record<keyof SpanFields, string>> = {
  requestId: 'waffo.request_id',
  operation: 'waffo.operation',
  merchantId: 'waffo.merchant_id',
  code: 'waffo.code',
  status: 'http.response.status_code',
  job: 'waffo.job',
  attempt: 'waffo.attempt',
  connector: 'waffo.connector',
  verb: 'waffo.verb',
  outcome: 'waffo.outcome',
};

const named = Object.entries(names) as readonly [keyof SpanFields, string][];

const kinds: Readonly<Record<Hop, SpanKind>> = {
  request: SpanKind.SERVER,
  operation: SpanKind.INTERNAL,
  connector: SpanKind.CLIENT,
  job: SpanKind.CONSUMER,
  webhook: SpanKind.CLIENT,
};

/** Takes the SDK that is loaded by the time of the first span. */
const tracer = trace.getTracer('waffo');

/**
 * Does some work inside a span; what it does in turn hangs below. A job's span hangs below nothing: it is not the work of the
 * request that happened to wake the runner.
 *
 * @param hop - the span's name
 * @param fields - known at its beginning
 * @param work - given a way to tell more; what it throws is thrown on, and marks the span when it is no `Fault`
 * @example await traced('connector', { connector: 'sandbox', verb: 'purchase' }, () => connector.purchase(call));
 */
export function traced<Result>(hop: Hop, fields: SpanFields, work: (span: Traced) => Promise<Result>): Promise<Result> {
  const options = { kind: kinds[hop], attributes: attributesOf(fields), root: hop === 'job' };
  return tracer.startActiveSpan(hop, options, async (span) => {
    try {
      return await work({ note: (more) => note(span, more) });
    } catch (error) {
      if (!(error instanceof Fault)) span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function note(span: Span, fields: SpanFields): void {
  span.setAttributes(attributesOf(fields));
  if ((fields.status ?? 0) >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}

/** By the list, whatever an object carries besides. */
function attributesOf(fields: SpanFields): Attributes {
  const attributes: Attributes = {};
  for (const [field, name] of named) {
    const value = fields[field];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}
