/**
 * Why a signature does not fit, as far as the request itself shows it: the mistakes that clients make, each tried. For
 * the sandbox's hint and for `waffo doctor`; production answers never tell one cause from another (design D-10).
 */
import { constants, createHash, type KeyObject, verify as verifyBytes } from 'node:crypto';
import { verify } from '@waffo/protocol/signature';

export interface Signed {
  /** As the header `X-SIGNATURE` had it. */
  readonly signature: string;
  /** As it arrived. */
  readonly body: Buffer;
  /** The merchant's active public keys. */
  readonly publicKeys: readonly KeyObject[];
  /** Keys that should not have signed, with whose they are, e.g. `the platform's own key`. */
  readonly otherKeys?: readonly { readonly whose: string; readonly key: KeyObject }[];
}

/**
 * @returns one ASCII sentence; undefined when the signature fits
 * @example signatureCause({ signature: '', body, publicKeys }) // 'the header X-SIGNATURE is missing'
 */
export function signatureCause({ signature, body, publicKeys, otherKeys = [] }: Signed): string | undefined {
  const fits = (bytes: Buffer, text = signature) => publicKeys.some((key) => verify(bytes, text, key));
  if (fits(body)) return undefined;
  if (signature === '') return 'the header X-SIGNATURE is missing';
  if (publicKeys.length === 0) return 'the merchant has no public key registered';
  const spelling = spellings.find(({ read }) => fits(body, read(signature)));
  if (spelling !== undefined)
    return `the signature is right, but written ${spelling.how}: send base64 with padding in one line`;
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.toString('base64') !== signature) return 'X-SIGNATURE is not base64 with padding in one line';
  const rewriting = rewritingsOf(body).find(({ candidate }) => fits(candidate));
  if (rewriting !== undefined) return `the signature is over ${rewriting.what}: ${signTheBytes}`;
  const algorithm = algorithms.find(({ digest, padding }) =>
    publicKeys.some((key) => verifyBytes(digest, body, { key, padding }, bytes)),
  );
  if (algorithm !== undefined) return `this is ${algorithm.name}; expected RSASSA-PKCS1-v1_5 with SHA-256`;
  const other = otherKeys.find(({ key }) => verify(body, signature, key));
  if (other !== undefined) return `the signature is by ${other.whose}: sign with the private key of a registered pair`;
  const bits = publicKeys.map(({ asymmetricKeyDetails }) => asymmetricKeyDetails?.modulusLength ?? 0);
  if (!bits.includes(bytes.length * 8)) {
    return `the signature has ${bytes.length} bytes, and a registered key of ${bits.join(' or ')} bits gives ${bits.map((n) => n / 8).join(' or ')}: this is another key`;
  }
  return 'the signature is over other bytes, or by another key than the registered ones';
}

const signTheBytes = 'sign the very bytes that are sent, and do not write them again';

/** How base64 goes wrong on its way into a header. */
const spellings: readonly { readonly how: string; readonly read: (text: string) => string }[] = [
  { how: 'with white space or quotes around', read: (text) => text.replace(/^[\s"']+|[\s"']+$/g, '') },
  { how: 'in several lines', read: (text) => text.replace(/\s/g, '') },
  { how: 'with spaces for +', read: (text) => text.replaceAll(' ', '+') },
  {
    how: 'URL-encoded',
    read: (text) => text.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16))),
  },
  { how: 'as base64url', read: (text) => Buffer.from(text, 'base64url').toString('base64') },
  { how: 'without padding', read: (text) => Buffer.from(text, 'base64').toString('base64') },
  { how: 'in hex', read: (text) => Buffer.from(text, 'hex').toString('base64') },
  { how: 'as base64 of base64', read: (text) => Buffer.from(text, 'base64').toString('latin1') },
];

const algorithms = [
  { name: 'RSASSA-PSS', digest: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  { name: 'SHA-1', digest: 'sha1', padding: constants.RSA_PKCS1_PADDING },
  { name: 'SHA-384', digest: 'sha384', padding: constants.RSA_PKCS1_PADDING },
  { name: 'SHA-512', digest: 'sha512', padding: constants.RSA_PKCS1_PADDING },
  { name: 'MD5', digest: 'md5', padding: constants.RSA_PKCS1_PADDING },
] as const;

/** What clients sign in place of the bytes they send. */
function rewritingsOf(body: Buffer): { what: string; candidate: Buffer }[] {
  const text = body.toString();
  const json = parsed(text);
  const texts: [what: string, candidate: string | undefined][] = [
    ['the body without its byte order mark', text.replace(/^\uFEFF/, '')],
    ['the body without the white space around it', text.trim()],
    ['the body with a newline after it', `${text}\n`],
    [
      'the body with other line ends',
      text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text.replaceAll('\n', '\r\n'),
    ],
    ['an empty body', ''],
    ['the body as a JSON string', JSON.stringify(text)],
    ['base64 of the body', body.toString('base64')],
    ['the hex digest of the body', createHash('sha256').update(body).digest('hex')],
    ...(json === undefined ? [] : rewrittenJson(json.value)),
  ];
  const inBytes: [what: string, candidate: Buffer][] = [
    ['the digest of the body, which was hashed twice', createHash('sha256').update(body).digest()],
    ['the body in Latin-1', Buffer.from(text, 'latin1')],
    ['the body in UTF-16', Buffer.from(text, 'utf16le')],
  ];
  return [...texts.map(([what, candidate = '']) => [what, Buffer.from(candidate)] as const), ...inBytes].map(
    ([what, candidate]) => ({ what, candidate }),
  );
}

/** The ways in which libraries write one JSON value. */
function rewrittenJson(value: unknown): [what: string, candidate: string][] {
  const compact = JSON.stringify(value);
  const spaced = withSpaces(value);
  const what = 'this JSON written in another way';
  return [
    [what, compact],
    [what, JSON.stringify(value, undefined, 2)],
    [what, JSON.stringify(value, undefined, 4)],
    [what, JSON.stringify(value, undefined, '\t')],
    [`${what} (spaces after : and ,)`, spaced],
    [`${what} (escapes for what is not ASCII)`, escaped(compact, /[^\x20-\x7e]/g)],
    [`${what} (spaces, and escapes for what is not ASCII)`, escaped(spaced, /[^\x20-\x7e]/g)],
    [`${what} (\\/ for /)`, compact.replaceAll('/', '\\/')],
    [`${what} (escapes for <, > and &)`, escaped(compact, /[<>&]/g)],
    [`${what} (members in the order of the alphabet)`, JSON.stringify(sorted(value))],
  ];
}

const escaped = (json: string, what: RegExp): string =>
  json.replace(what, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

function withSpaces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withSpaces).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${withSpaces(member)}`);
  return `{${members.join(', ')}}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch {
    return undefined;
  }
}
