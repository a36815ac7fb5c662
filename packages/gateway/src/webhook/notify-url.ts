/**
 * Where notifications may go (design D-16). The same rule is asked when a URL is saved and each time before it is used;
 * `isAllowedAddress` is asked again for every address that a name resolves to. Pure: it resolves nothing.
 */
import { isIP } from 'node:net';
import { urlIn } from '@waffo/protocol/url';
import ipaddr from 'ipaddr.js';

export interface EgressRules {
  /** For a developer's machine: `127.0.0.1` and `::1` beside the public addresses, and any port. */
  readonly allowLoopback: boolean;
  /** `http:` beside `https:`. */
  readonly allowHttp: boolean;
  /** Ports beside 80 and 443. */
  readonly morePorts?: readonly number[];
}

/** The receivers' ports (contract 18.1). */
const publicPorts = ['', '80', '443'];

/** The only IPv6 block from which addresses are given out (RFC 4291, IANA); special blocks inside it are ruled out besides. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** The addresses that `allowLoopback` adds. */
export const loopbackAddresses = ['127.0.0.1', '::1'];

/**
 * Whether a notification may be posted there.
 *
 * @param text - what the merchant wrote, e.g. `https://shop.example/webhook`
 * @returns undefined when it may, or what is wrong, to stand behind `notifyUrl: `
 * @example checkNotifyUrl('http://10.0.0.1/', rules) // 'must be https'
 */
export function checkNotifyUrl(text: string, rules: EgressRules): string | undefined {
  // A URL parser drops or turns these; what was meant is not what would be used.
  if (/[\s\p{Cc}\\]/u.test(text)) return 'must not contain blanks, control characters or backslashes';
  const url = urlIn(text);
  if (url === undefined) return 'is not a complete URL, such as https://shop.example/webhook';
  if (url.protocol !== 'https:' && !(rules.allowHttp && url.protocol === 'http:')) {
    return rules.allowHttp ? 'must be https or http' : 'must be https';
  }
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (url.hash !== '') return 'must not contain a fragment (#)';
  if (!isAllowedPort(url.port, rules)) return `must use port ${['80', ...(rules.morePorts ?? [])].join(', ')} or 443`;
  return isAllowedHost(hostOf(url), rules) ? undefined : 'must name a public host';
}

const isAllowedPort = (port: string, { allowLoopback, morePorts = [] }: EgressRules): boolean =>
  allowLoopback || publicPorts.includes(port) || morePorts.includes(Number(port));

/** The host as a resolver or a socket takes it: an IPv6 address without its brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * Whether a socket may be opened to an address: a global unicast address, or, where the rules say so, this machine's own.
 *
 * @param address - IPv4 or IPv6 in its usual form; anything else is not allowed
 */
export function isAllowedAddress(address: string, rules: Pick<EgressRules, 'allowLoopback'>): boolean {
  if (isIP(address) === 0) return false;
  if (rules.allowLoopback && loopbackAddresses.includes(address)) return true;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(globalIpv6);
}

function isAllowedHost(host: string, rules: EgressRules): boolean {
  if (isIP(host) !== 0) return isAllowedAddress(host, rules);
  const name = host.replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return rules.allowLoopback;
  return name.includes('.');
}
