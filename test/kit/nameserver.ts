/** A nameserver of a test's own, over UDP: answers what it is told, changes its mind, keeps silent. A and AAAA only. */
import { createSocket } from 'node:dgram';
import ipaddr from 'ipaddr.js';

/** What is answered: addresses, perhaps behind a chain of aliases, or a failure, or nothing ever. */
type NameAnswer = { readonly addresses: readonly string[]; readonly via?: readonly string[] } | 'servfail' | 'silent';

export interface Nameserver {
  /** For `Resolver.setServers`, e.g. `127.0.0.1:40053`. */
  readonly address: string;
  /**
   * Decides about a name; names that nobody decided about do not exist.
   *
   * @param answer - is told how many questions of this kind came before
   */
  decide(name: string, answer: (asked: number) => NameAnswer): void;
  /** How many questions came in all. */
  questions(): number;
  stop(): Promise<void>;
}

const typeA = 1;
const typeCname = 5;
const typeAaaa = 28;

export async function startNameserver(): Promise<Nameserver> {
  const decisions = new Map<string, (asked: number) => NameAnswer>();
  const asked = new Map<string, number>();
  let questions = 0;
  const socket = createSocket('udp4', (query, from) => {
    questions += 1;
    const { name, type, end } = questionOf(query);
    const key = `${name} ${type}`;
    const before = asked.get(key) ?? 0;
    asked.set(key, before + 1);
    const answer = decisions.get(name)?.(before);
    if (answer === 'silent') return;
    socket.send(replyTo(query.subarray(0, end), type, answer), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    decide: (name, answer) => void decisions.set(name.toLowerCase(), answer),
    questions: () => questions,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function replyTo(question: Buffer, type: number, answer: Exclude<NameAnswer, 'silent'> | undefined): Buffer {
  const records = answer === undefined || answer === 'servfail' ? [] : recordsOf(answer, type);
  const reply = Buffer.concat([question, ...records]);
  const code = answer === 'servfail' ? 2 : answer === undefined ? 3 : 0;
  reply.writeUInt16BE(0x8180 | code, 2);
  for (const [at, count] of [1, records.length, 0, 0].entries()) reply.writeUInt16BE(count, 4 + 2 * at);
  return reply;
}

/** A pointer to the name of the question. */
const questioned = Buffer.from([0xc0, 12]);

function recordsOf({ addresses, via = [] }: { addresses: readonly string[]; via?: readonly string[] }, type: number) {
  const aliases = via.map((target, index) =>
    record(index === 0 ? questioned : nameBytes(via[index - 1] ?? ''), typeCname, nameBytes(target)),
  );
  const owner = via.length === 0 ? questioned : nameBytes(via.at(-1) ?? '');
  const wanted = addresses.filter((address) => address.includes(':') === (type === typeAaaa));
  if (type !== typeA && type !== typeAaaa) return aliases;
  return [
    ...aliases,
    ...wanted.map((address) => record(owner, type, Buffer.from(ipaddr.parse(address).toByteArray()))),
  ];
}

/** One record of class IN that may not be kept. */
function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const middle = Buffer.alloc(10);
  middle.writeUInt16BE(type, 0);
  middle.writeUInt16BE(1, 2);
  middle.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, middle, data]);
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
