/** The inventory of cryptography. It stands outside the vault's wall: `vault/crypto-page.test.ts` holds its rows to the code. */

interface Use {
  readonly algorithm: string;
  readonly protects: string;
  readonly rests: string;
  readonly users: string;
  readonly rotation: string;
}

const sealing = 'AES-256-GCM, random nonce of 96 bits, tag of 128 bits';
const command = (purpose: string) => `\`waffo key rotate ${purpose}\`; by itself after 2^30 seals`;

/** By purpose. */
export const uses = {
  kek: {
    algorithm: sealing,
    protects: 'data keys',
    rests: 'key file, two component files (XOR), or `WAFFO_KEK` in development; never in the database',
    users: 'the KEK provider',
    rotation: '`waffo key add`, then `waffo key rotate kek`',
  },
  dek: {
    algorithm: sealing,
    protects: 'each data key, bound to merchant, purpose and id',
    rests: '`vault_data_key.wrapped`',
    users: 'the key ring',
    rotation: 'wrapped anew with the KEK',
  },
  card: {
    algorithm: sealing,
    protects: 'PAN, expiry and name; one key for each merchant',
    rests: '`vault_card.sealed`',
    users: '`withCard`, rotation',
    rotation: command('card'),
  },
  fingerprint: {
    algorithm:
      'HMAC-SHA-256 of the PAN; marks of the limits: the first 8 bytes, with the number of the week or of thirty days in what is hashed',
    protects: 'that two records are one card, within a merchant; whom a limit counts',
    rests: '`vault_card.fingerprint`, `limit_count.mark`, `declined_charge.mark`',
    users: 'binding, rotation, limits',
    rotation: '`waffo key rotate fingerprint`; both are looked up meanwhile; limits count from zero then',
  },
  session: {
    algorithm: `${sealing}; inside: P-256 scalar for ECDH-ES with A256GCM (JWE)`,
    protects: 'the private half of a session: tokenization, or checkout',
    rests: '`tokenization_session.sealed_private_key`, `checkout.sealed_private_key`',
    users: '`openSubmittedCard`',
    rotation: `${command('session')}; values end with their session`,
  },
  secret: {
    algorithm: `${sealing}; inside: RSA-2048, SHA256withRSA (PKCS#1 v1.5); P-256 for ECDH-ES with A256GCM (JWE)`,
    protects:
      'the private keys that sign answers and notifications, and those that open imported cards; one of each for a merchant',
    rests: '`platform_key.sealed`, `vault_import_key.sealed`',
    users: 'the signers of answers and notifications; `waffo token import`',
    rotation: command('secret'),
  },
  cvv: {
    algorithm: `${sealing}; key from HKDF-SHA-256, then 32 random bytes`,
    protects: 'a CVV during a challenge, for 15 minutes at most',
    rests:
      '`vault_cvv_hold.sealed`, unlogged; the key is in the browser only; for a bare card, until its link is opened, it follows from the number and the `fingerprint` key',
    users: 'the challenge',
    rotation: 'none: one key for each hold',
  },
  audit: {
    algorithm: 'HMAC-SHA-256 over the entry and the one before it',
    protects: 'the access log against change',
    rests: '`access_entry.mac`, `access_chain.mac`, `access_anchor.mac`',
    users: 'the access log',
    rotation: 'none: an entry names its key, which cannot be deleted',
  },
} satisfies Record<string, Use>;

/** `docs/reference/crypto.md`. */
export function cryptoPage(): string {
  const rows = Object.entries(uses).map(
    ([purpose, use]) =>
      `| \`${purpose}\` | ${use.protects} | ${use.algorithm} | ${use.rests} | ${use.users} | ${use.rotation} |`,
  );
  return [
    '# Cryptography',
    '',
    '<!-- Written by `npm run generate`; edit the declarations instead. -->',
    '',
    'Every key is 32 random bytes unless its row says otherwise. What is sealed is bound to its purpose, merchant, record and key,',
    'so that it opens nowhere else. A running gateway notices a newer key within 2 s.',
    '',
    '| purpose | protects | algorithm | rests in | used by | rotation |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'API keys, and the secrets of links, are random and rest as SHA-256. Merchants sign with their own RSA keys of 2048 to 4096',
    'bits; only the public halves are here.',
    '',
  ].join('\n');
}
