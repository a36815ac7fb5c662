/**
 * Reads the rest of a body that is refused for its size, and forgets it. A connection that is closed while its client still
 * sends is reset, and the client never sees why it was refused.
 */
import type { IncomingMessage } from 'node:http';

/** A body beyond this is not waited for. */
const drainLimitBytes = 1_048_576;

/** @returns whether the body came to its end within the limit; the server's own timeout bounds the waiting */
export function drain(request: IncomingMessage): Promise<boolean> {
  if (request.readableEnded) return Promise.resolve(true);
  if (request.destroyed) return Promise.resolve(false);
  if (Number(request.headers['content-length']) > drainLimitBytes) return Promise.resolve(false);
  return new Promise((resolve) => {
    let seen = 0;
    request.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen > drainLimitBytes) resolve(false);
    });
    request.once('end', () => resolve(true));
    request.once('close', () => resolve(false));
    request.resume();
  });
}
