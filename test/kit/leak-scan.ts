/** Looks for a card's digits in anything, in every encoding that a careless sink would use. Tested by planted leaks. */

/** A card whose number and code must not be found. */
export interface Sentinel {
  readonly pan: string;
  readonly cvv?: string;
}

/**
 * @param haystack - bytes or text of a sink
 * @param sentinel - the number is searched anywhere; the CVV only where it stands as a value by itself
 * @returns one line for each encoding that was found
 */
export function findLeaks(haystack: string | Buffer, sentinel: Sentinel): string[] {
  const bytes = Buffer.isBuffer(haystack) ? haystack : Buffer.from(haystack);
  const found = Object.entries(spellings(sentinel.pan))
    .filter(([, needles]) => needles.some((needle) => bytes.includes(needle)))
    .map(([encoding]) => `PAN, ${encoding}`);
  if (sentinel.cvv !== undefined) {
    const alone = new RegExp(`"(?:cvv|cvc|cardCvv|securityCode)"\\s*:\\s*"?${sentinel.cvv}\\b`);
    if (alone.test(bytes.toString('latin1'))) found.push('CVV');
  }
  return found;
}

function spellings(pan: string): Record<string, (string | Buffer)[]> {
  const groups = pan.match(/.{1,4}/g) ?? [];
  return {
    plain: [pan],
    spaced: [groups.join(' ')],
    dashed: [groups.join('-')],
    'base64 (three alignments)': [0, 1, 2].map((shift) => base64Core(pan, shift)),
    hex: [Buffer.from(pan).toString('hex'), Buffer.from(pan).toString('hex').toUpperCase()],
    'packed decimal': [Buffer.from(pan.length % 2 ? `0${pan}` : pan, 'hex')],
    'UTF-16': [Buffer.from(pan, 'utf16le')],
    reversed: [[...pan].reverse().join('')],
    'JSON-escaped': [[...pan].map((digit) => `\\u00${digit.charCodeAt(0).toString(16)}`).join('')],
  };
}

/** The characters of the base64 of `pan` that do not depend on what stands before and after it. */
function base64Core(pan: string, shift: number): string {
  const encoded = Buffer.from(`${'x'.repeat(shift)}${pan}`).toString('base64');
  return encoded.slice(shift === 0 ? 0 : 4, Math.floor((shift + pan.length) / 3) * 4);
}

/** Every row of every table as text, `bytea` in hex. */
export async function dump(rows: <Row>(statement: { name: string; text: string }) => Promise<Row[]>): Promise<string> {
  const tables = await rows<{ name: string }>({
    name: 'test/tables',
    text: `select table_name::text as name from information_schema.tables where table_schema = 'public'`,
  });
  const lines: string[] = [];
  for (const { name } of tables) {
    const all = await rows<{ line: string }>({
      name: `test/dump-${name}`,
      text: `select t::text as line from ${name} t`,
    });
    lines.push(...all.map(({ line }) => `${name} ${line}`));
  }
  return lines.join('\n');
}
