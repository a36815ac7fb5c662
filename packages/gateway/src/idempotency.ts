/**
 * The fingerprint that tells a repeat from another request under the same id (decisions, "Everything else"): canonical
 * JSON without key order, white space and the times that clients fill in by themselves. A PAN or CVV must never be in
 * the value: the caller puts what may be shown in the PAN's place and leaves the CVV out.
 */
import { createHash } from 'node:crypto';

const autoFilled = new Set(['orderRequestedAt', 'requestedAt', 'captureRequestedAt']);

/**
 * @param request - a validated request
 * @returns 32 bytes
 * @example requestFingerprint({ a: 1, b: 2 }).equals(requestFingerprint({ b: 2, a: 1 })) // true
 */
export function requestFingerprint(request: object): Buffer {
  return createHash('sha256').update(canonical(request, true)).digest();
}

function canonical(value: unknown, top = false): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let members = '';
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined || (top && autoFilled.has(name))) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonical(member)}`;
  }
  return `{${members}}`;
}
