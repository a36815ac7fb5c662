/** Reads a request as a proxy, `curl --trace` or a text editor keeps it: a line, headers, an empty line, the body. */
import type { SentRequest } from './diagnose.ts';

/**
 * @param file - the bytes of an HTTP/1.1 request; lines may end in CRLF or LF. With a Content-Length the body ends there,
 *   so that a newline which an editor added does not count
 * @throws Error with one sentence when it is no request
 * @example readSentRequest(Buffer.from('POST /api/v1/order/inquiry HTTP/1.1\nX-API-KEY: wk_test_...\n\n{}'))
 */
export function readSentRequest(file: Buffer): SentRequest {
  const { head, body } = split(file);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const [, method, target] = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(first.trim()) ?? [];
  if (method === undefined || target === undefined)
    throw new Error('the first line must be that of a request, e.g. POST /api/v1/order/create HTTP/1.1');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at < 1) throw new Error('a header line has no colon; headers end at the first empty line');
    headers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  const length = Number(headers['content-length']);
  return { method, target, headers, body: Number.isInteger(length) ? body.subarray(0, length) : body };
}

function split(file: Buffer): { head: string; body: Buffer } {
  for (const separator of ['\r\n\r\n', '\n\n']) {
    const at = file.indexOf(separator);
    if (at > 0) return { head: file.toString('latin1', 0, at), body: file.subarray(at + separator.length) };
  }
  throw new Error('there is no empty line between the headers and the body');
}
