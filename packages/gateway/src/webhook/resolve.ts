/**
 * Names to addresses. It asks the nameservers over sockets of its own: the system's resolver would wait on threads that
 * files and signatures need, too, and a few nameservers that do not answer would stop the whole process. It does not read
 * the hosts file. Whether an address may be used is not decided here.
 */
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** Each nameserver is asked twice; all of it ends at the deadline of the delivery. */
const answerTimeoutMs = 2_500;
const tries = 2;

/** What a name of this machine resolves to wherever it is (RFC 6761). */
const localhost: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * All addresses of a name, IPv4 first.
 *
 * @param name - in ASCII, as a URL has it
 * @param nameservers - e.g. `['127.0.0.1:5353']`; the system's when absent, read anew each time
 * @returns none when the name has no address
 * @throws Error of `node:dns` when neither kind of address could be asked for
 * @example await addressesOf('shop.example')
 */
export async function addressesOf(name: string, nameservers?: readonly string[]): Promise<LookupAddress[]> {
  if (/(^|\.)localhost\.?$/.test(name)) return [...localhost];
  const resolver = new Resolver({ timeout: answerTimeoutMs, tries });
  if (nameservers !== undefined) resolver.setServers(nameservers);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
  );
  const [first] = answers;
  if (addresses.length === 0 && first.status === 'rejected') throw first.reason;
  return addresses;
}
