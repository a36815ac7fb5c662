/** The answer of a call, successful or not. A call never throws for what the network or the gateway does. */
import { errorOf, type WaffoErrorDetails } from './errors.ts';

/**
 * @example
 * const response = await waffo.order().create(params);
 * if (response.isSuccess()) console.log(response.getData().orderStatus);
 * else console.error(response.getCode(), response.getMessage());
 */
export class ApiResponse<Data> {
  readonly #data: Data | undefined;
  readonly #failure: WaffoErrorDetails | undefined;
  readonly #message: string;
  /** `X-Request-Id` of the answer. */
  readonly requestId: string | undefined;

  private constructor(
    data: Data | undefined,
    message: string,
    requestId: string | undefined,
    failure?: WaffoErrorDetails,
  ) {
    this.#data = data;
    this.#message = message;
    this.requestId = requestId;
    this.#failure = failure;
  }

  /** @internal */
  static success<Data>(data: Data, message: string, requestId: string | undefined): ApiResponse<Data> {
    return new ApiResponse(data, message, requestId);
  }

  /** @internal */
  static error<Data>(failure: WaffoErrorDetails): ApiResponse<Data> {
    return new ApiResponse<Data>(undefined, failure.message, failure.requestId, failure);
  }

  /** Whether the code is `0` and the answer's signature is the gateway's. */
  isSuccess(): boolean {
    return this.#failure === undefined;
  }

  /** `0`, a wire code such as `A0037`, or a client code such as `S0004`. */
  getCode(): string {
    return this.#failure?.code ?? '0';
  }

  getMessage(): string {
    return this.#message;
  }

  /**
   * The data of a successful answer.
   *
   * @returns undefined when the call failed; use `unwrap()` to throw instead
   */
  getData(): Data {
    return this.#data as Data;
  }

  /**
   * The data, or a typed error.
   *
   * @throws WaffoUnknownStatusError when it is not known whether the call took effect
   * @throws WaffoError for every other failure
   */
  unwrap(): Data {
    if (this.#failure !== undefined) throw errorOf(this.#failure);
    return this.#data as Data;
  }
}
