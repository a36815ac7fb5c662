/**
 * Answers what is no HTTP at all, below the framework: bad syntax, oversized headers, requests that never end. One signed
 * answer, made once, and the connection is over.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { signatureHeader } from '@waffo/protocol/signature';
import type { Signed } from './render.ts';

/**
 * @param answer - what every such request is told
 * @returns for the server's `clientError`, and `watch`, which must be given the server first
 */
export function brokenHttp(answer: Signed): {
  watch(server: Server): void;
  handle(error: Error, socket: Socket): void;
} {
  const bytes = messageOf(answer);
  const underWay = new WeakMap<Socket, number>();
  return {
    watch(server) {
      server.on('request', ({ socket }, response) => {
        underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
        response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
      });
      // An expectation that we do not know may be ignored; Node's own refusal would be unsigned.
      server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    },
    handle(_error, socket) {
      // An answer written now would be taken for the answer to an earlier request of this connection.
      const mayAnswer = socket.writable && (underWay.get(socket) ?? 0) === 0;
      if (mayAnswer) socket.write(bytes);
      socket.destroySoon();
    },
  };
}

function messageOf({ status, body, signature }: Signed): Buffer {
  const head = [
    `HTTP/1.1 ${status} Bad Request`,
    `${signatureHeader}: ${signature}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}
