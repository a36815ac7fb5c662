/** Reads what a page hands over, on pages whose other scripts may have put members on `Object.prototype`. */

/**
 * @param object - anything
 * @param name - of a member
 * @returns the member's value; undefined when there is none, or when it is only what every object of the page has
 * @example ownValue({ pan: '4111' }, 'pan') // '4111'
 */
export function ownValue(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined;
  const value = (object as Record<string, unknown>)[name];
  return value === (Object.prototype as unknown as Record<string, unknown>)[name] ? undefined : value;
}

/** The same for text: the empty string when the member is no string. */
export function ownText(object: unknown, name: string): string {
  const value = ownValue(object, name);
  return typeof value === 'string' ? value.trim() : '';
}
