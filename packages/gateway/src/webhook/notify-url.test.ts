import { describe, expect, test } from 'vitest';
import { checkNotifyUrl, isAllowedAddress } from './notify-url.ts';

const production = { allowLoopback: false, allowHttp: false };
const sandbox = { allowLoopback: true, allowHttp: true };

/** Hosts that are never anybody's public receiver, in every way of writing them (W-6). */
const forbiddenHosts = Object.values({
  private: '10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.1.1',
  'link-local, where clouds keep their metadata': '169.254.169.254 169.254.0.1',
  'carrier-grade NAT': '100.64.0.1 100.127.255.254',
  'this network': '0.0.0.0 0 0.1.2.3',
  'documentation and protocol assignments': '192.0.0.1 192.0.2.1 198.51.100.7 203.0.113.7',
  'benchmarking and relays': '198.18.0.1 198.19.255.254 192.88.99.1',
  'multicast, reserved, broadcast': '224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255',
  'loopback, but not the one address that may be allowed': '127.0.0.2 127.255.255.254 127.1.2.3',
  '10.0.0.1 in disguise': '0xa.0.0.1 0xa000001 167772161 012.0.0.1 10.1 10.0.1 10.0.0.1. %31%30.0.0.1',
  '169.254.169.254 in disguise': '2852039166 0xA9FEA9FE 0251.0376.0251.0376',
  'full-width and circled digits, ideographic stops': '１０.0.0.1 10。0。0。1 ⑩.0.0.1',
  'unspecified, IPv4-mapped': '[::] [::2] [::ffff:10.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1]',
  'IPv4-compatible, IPv4-translated': '[::7f00:1] [::127.0.0.1] [::10.0.0.1] [::ffff:0:127.0.0.1]',
  'link, site, unique local, multicast': '[fe80::1] [fec0::1] [fc00::1] [fd12:3456::1] [ff02::1]',
  NAT64: '[64:ff9b::10.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::1]',
  '6to4 and Teredo': '[2002:7f00:1::] [2002:a00:1::1] [2001::1] [2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  'benchmarking, documentation, ORCHID': '[2001:2::1] [2001:db8::1] [3fff::1] [2001:10::1] [2001:20::1]',
  'discard, SRv6, never given out': '[100::1] [5f00::1] [4000::1] [8000::1] [e000::1]',
}).flatMap((hosts) => hosts.split(' '));

const loopbackForms =
  '127.0.0.1 127.1 0x7f.1 2130706433 0177.0.0.1 １２７.0.0.1 127.0.0.1. [::1] [0:0::0:1] localhost LOCALHOST. shop.localhost'.split(
    ' ',
  );

const hostless = [
  '',
  'https://',
  'https:///',
  'webhook',
  '/webhook',
  'https://[fe80::1%25eth0]/',
  'https://[::1',
  'https://1.2.3.4.5/',
  'https://256.1.1.1/',
  'https://a b/',
];

const publicForms = [
  'https://shop.example.com/webhook',
  'https://shop.example.com:443/webhook?a=b&c=%20',
  'https://shop.example.com:80/',
  'https://shop.example.com./',
  'https://bücher.example.com/',
  'https://8.8.8.8/',
  'https://172.32.0.1/',
  'https://100.128.0.1/',
  'https://[2606:4700::1111]/',
  'https://10.0.0.1.nip.io/',
];

describe('a notify URL is refused when it is saved', () => {
  test.each(forbiddenHosts)('to %s, in the sandbox as in production', (host) => {
    expect(checkNotifyUrl(`https://${host}/`, production)).toBe('must name a public host');
    expect(checkNotifyUrl(`http://${host}/`, sandbox)).toBe('must name a public host');
  });

  test.each(loopbackForms)('to %s in production', (host) => {
    expect(checkNotifyUrl(`https://${host}/`, production)).toBe('must name a public host');
  });

  test.each(hostless)('when it is not a URL: "%s"', (text) => {
    expect(checkNotifyUrl(text, sandbox)).toBeTypeOf('string');
  });

  test.each(['intranet', 'shop', 'metadata'])('to %s, a name that only means something here', (host) => {
    expect(checkNotifyUrl(`https://${host}/`, production)).toBe('must name a public host');
    expect(checkNotifyUrl(`https://${host}/`, sandbox)).toBe('must name a public host');
  });

  test.each(['http:', 'ftp:', 'file:', 'gopher:', 'ws:', 'data:', 'javascript:'])('with the scheme %s', (scheme) => {
    expect(checkNotifyUrl(`${scheme}//shop.example.com/`, production)).toBe('must be https');
  });

  test('with a user name, a password or a fragment', () => {
    expect(checkNotifyUrl('https://user@shop.example.com/', production)).toMatch(/user name/);
    expect(checkNotifyUrl('https://:pass@shop.example.com/', production)).toMatch(/password/);
    expect(checkNotifyUrl('https://shop.example.com@10.0.0.1/', sandbox)).toMatch(/user name/);
    expect(checkNotifyUrl('https://shop.example.com/#part', production)).toMatch(/fragment/);
  });

  test.each(['22', '8443', '6379', '1', '65535'])('with the port %s in production', (port) => {
    expect(checkNotifyUrl(`https://shop.example.com:${port}/`, production)).toBe('must use port 80 or 443');
  });

  test.each([' ', '\t', '\n', '\u0000', '\u007f', '\\', '\u3000'])('with %j in it', (character) => {
    expect(checkNotifyUrl(`https://shop.example.com/${character}x`, sandbox)).toMatch(/blanks/);
    expect(checkNotifyUrl(`https://shop${character}.example.com/`, sandbox)).toMatch(/blanks/);
  });
});

describe('a notify URL is accepted', () => {
  test.each(publicForms)('to a public host: %s', (url) => {
    expect(checkNotifyUrl(url, production)).toBeUndefined();
    expect(checkNotifyUrl(url, sandbox)).toBeUndefined();
  });

  test.each(loopbackForms)('to %s in the sandbox, by http and on any port', (host) => {
    expect(checkNotifyUrl(`http://${host}:4020/webhook`, sandbox)).toBeUndefined();
  });
});

describe('an address that a name resolved to', () => {
  test.each(forbiddenHosts.map((host) => host.replace(/[[\]]/g, '')))('is refused: %s', (address) => {
    expect(isAllowedAddress(address, sandbox)).toBe(false);
  });

  test.each(['', 'localhost', 'shop.example.com', 'fe80::1%eth0', '127.1', '8.8.8.8 '])(
    'is refused when it is not one: "%s"',
    (text) => {
      expect(isAllowedAddress(text, sandbox)).toBe(false);
    },
  );

  test('is allowed when it is public', () => {
    for (const address of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '2a00:1450:4001::1']) {
      expect(isAllowedAddress(address, production)).toBe(true);
    }
  });
});
