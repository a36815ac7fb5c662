/** Messages on a stream of bytes: each after its length in two bytes, most significant first. */
import { decode, encode, type Message } from './codec.ts';

/**
 * @returns length and message; whoever asked wipes it when it carries a card
 * @throws IsoFormatError for a message that cannot be written
 */
export function frame(message: Message): Buffer {
  const body = encode(message);
  const framed = Buffer.alloc(2 + body.length);
  framed.writeUInt16BE(body.length);
  body.copy(framed, 2);
  body.fill(0);
  return framed;
}

/**
 * Takes a stream apart, however its bytes are cut.
 *
 * @param onMessage - is given every message once it is whole
 * @returns takes the next bytes; throws IsoFormatError when they are no message, and then the stream is lost
 */
export function frameReader(onMessage: (message: Message) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE();
      const message = decode(rest.subarray(2, end));
      rest = rest.subarray(end);
      onMessage(message);
    }
  };
}
