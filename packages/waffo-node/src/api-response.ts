/** The answer of a call, successful or not. A call never throws for what the network or the gateway does. */
import { type Code, errorOf, type WaffoError, type WaffoErrorDetails } from './errors.ts';

/** What a successful call brought. */
export interface Success<Data> {
  readonly data: Data;
  readonly message: string;
  readonly requestId: string | undefined;
}

/** An answer after `isSuccess()`. */
export interface SuccessfulResponse<Data> extends ApiResponse<Data> {
  getData(): Data;
}

/**
 * @example
 * const response = await waffo.order().create(params);
 * if (response.isSuccess()) console.log(response.getData().orderStatus);
 * else console.error(response.getCode(), response.getMessage());
 */
export class ApiResponse<Data> {
  readonly #result: Success<Data> | WaffoErrorDetails;

  /** @internal */
  constructor(result: Success<Data> | WaffoErrorDetails) {
    this.#result = result;
  }

  /** Whether the code is `0` and the signature of the answer is the gateway's. */
  isSuccess(): this is SuccessfulResponse<Data> {
    return !('code' in this.#result);
  }

  /** `0`, a wire code such as `A0037`, or a client code such as `S0004`. */
  getCode(): Code {
    return 'code' in this.#result ? this.#result.code : '0';
  }

  /** The gateway's `msg`, or what this library has to say. */
  getMessage(): string {
    return this.#result.message;
  }

  /** `X-Request-Id` of the answer, if there was one: quote it to whoever runs the gateway. */
  getRequestId(): string | undefined {
    return this.#result.requestId;
  }

  /**
   * The data of a successful answer.
   *
   * @returns undefined when the call failed; ask `isSuccess()` first, or use `unwrap()`
   */
  getData(): Data | undefined {
    return 'code' in this.#result ? undefined : this.#result.data;
  }

  /** @returns why the call failed; undefined when it did not */
  getError(): WaffoError | undefined {
    return 'code' in this.#result ? errorOf(this.#result) : undefined;
  }

  /**
   * The data, or a typed error.
   *
   * @throws WaffoUnknownStatusError when it is not known whether the call took effect
   * @throws WaffoError for every other failure
   * @example const { tokenSessionId } = (await waffo.tokenization().generate(request)).unwrap();
   */
  unwrap(): Data {
    if ('code' in this.#result) throw errorOf(this.#result);
    return this.#result.data;
  }
}
