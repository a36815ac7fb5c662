/** Moves the sandbox's clock, by the gateway's operator API. A real shop has no such thing. */

/** Where the operator API is, and its key. */
export interface Operator {
  /** E.g. `http://127.0.0.1:4030`. */
  readonly url: string;
  readonly key: string;
}

/**
 * Lets a month pass for a merchant; answers when everything that fell due on the way is done.
 *
 * @throws Error with what the gateway said
 */
export async function passMonth({ url, key }: Operator, merchantId: string): Promise<void> {
  const response = await fetch(`${url}/operator/v1/merchants/${encodeURIComponent(merchantId)}/clock/advance`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ by: '31d' }),
  });
  if (!response.ok) throw new Error(`the clock did not move: ${await response.text()}`);
}
