/** A `Fault` is a request that we refuse or cannot serve. It is thrown anywhere and caught once, in `http/dispatch`. */
import { type FaultName, faults } from '@waffo/protocol/codes';

export class Fault extends Error {
  readonly fault: FaultName;
  /** When trying again makes sense, in whole seconds; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param fault - the name of a row of the fault table, e.g. `TOKEN_INVALID`
   * @param msg - a text that tells the caller what to do; the row's own text when absent. It must never carry card data or secrets.
   * @param options - `cause` for the log; callers never see it. `retryAfterSeconds`, where waiting helps.
   * @example throw new Fault('PARAMETER_INVALID', 'orderAmount: HKD needs exactly two decimals, e.g. 100.00')
   */
  constructor(fault: FaultName, msg?: string, options?: { cause?: unknown; retryAfterSeconds?: number }) {
    super(msg ?? faults[fault].msg, options);
    this.name = 'Fault';
    this.fault = fault;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}
