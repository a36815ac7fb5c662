/**
 * Finds RSA moduli whose private half somebody else could work out: small or close primes, the pattern of a broken
 * generator, and a prime shared with another key. It looks at numbers only and knows nobody's name.
 */

const again = 'make a new pair of 2048 bits, e.g. with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048';

/** Trial division up to here finds what a broken generator leaves. */
const smallPrimeLimit = 10_000;

/** Fermat's method finds two primes at once when they are close; with an honest generator it never does. */
const fermatSteps = 100;

/** Infineon's generator (CVE-2017-15361): a modulus that is a power of 65537 modulo each of these has its pattern. */
const rocaLimit = 167;

const primes = primesUpTo(smallPrimeLimit);
const smallProduct = primes.reduce((product, prime) => product * BigInt(prime), 1n);
const rocaResidues = primes
  .filter((prime) => prime > 2 && prime <= rocaLimit)
  .map((prime) => [prime, powers(prime)] as const);

/**
 * @param modulus - of the key that is to be registered
 * @param others - moduli of all other keys that are known, the platform's own included; their order does not matter
 * @returns one sentence, or undefined when nothing is known against the key
 * @example weaknessOf(modulusOf(key), known.map(modulusOf))
 */
export function weaknessOf(modulus: bigint, others: readonly bigint[]): string | undefined {
  if (gcd(modulus, smallProduct) !== 1n) return `the modulus has a small factor; ${again}`;
  if (hasClosePrimes(modulus)) return `the two primes of the modulus are too close; ${again}`;
  if (rocaResidues.every(([prime, residues]) => residues.has(Number(modulus % BigInt(prime))))) {
    return `the key comes from a chip whose keys can be broken (CVE-2017-15361); ${again}`;
  }
  if (sharesPrime(modulus, others)) return `the modulus shares a prime with another key; ${again}`;
  return undefined;
}

/** All other moduli are multiplied modulo this one, so that one greatest common divisor tells of them all. */
function sharesPrime(modulus: bigint, others: readonly bigint[]): boolean {
  const product = others.reduce((rest, other) => (rest * (other % modulus)) % modulus, 1n);
  return gcd(modulus, product) !== 1n;
}

function hasClosePrimes(modulus: bigint): boolean {
  let middle = squareRoot(modulus);
  if (middle * middle < modulus) middle += 1n;
  for (let step = 0; step < fermatSteps; step++, middle += 1n) {
    const rest = middle * middle - modulus;
    const root = squareRoot(rest);
    if (root * root === rest) return true;
  }
  return false;
}

/** The whole part of the square root, by Newton's method. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function gcd(a: bigint, b: bigint): bigint {
  let [high, low] = [a, b];
  while (low !== 0n) [high, low] = [low, high % low];
  return high;
}

function primesUpTo(limit: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; candidate <= limit; candidate++) {
    if (found.every((prime) => prime * prime > candidate || candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

function powers(prime: number): ReadonlySet<number> {
  const residues = new Set<number>();
  for (let power = 1; !residues.has(power); power = (power * 65_537) % prime) residues.add(power);
  return residues;
}
