/** The curve P-256 in plain arithmetic: slow, not secret, and written without a look at any library. An oracle for tests. */

export type Point = readonly [x: bigint, y: bigint];

/** SEC 2, secp256r1. */
export const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
export const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const generator: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];

const mod = (value: bigint) => ((value % p) + p) % p;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if ((rest & 1n) === 1n) result = mod(result * square);
  }
  return result;
}

/** Euclid. */
function inverse(value: bigint): bigint {
  let [before, after] = [p, mod(value)];
  let [coefficient, next] = [0n, 1n];
  while (after !== 0n) {
    const times = before / after;
    [before, after] = [after, before - times * after];
    [coefficient, next] = [next, coefficient - times * next];
  }
  return mod(coefficient);
}

/** The even `y` of a point with this `x`; undefined when there is none on the curve. */
export function evenY(x: bigint): bigint | undefined {
  const square = mod(x * x * x - 3n * x + b);
  const y = power(square, (p + 1n) / 4n);
  if (mod(y * y) !== square) return undefined;
  return (y & 1n) === 0n ? y : p - y;
}

/** Undefined is the point at infinity. */
function add(left: Point | undefined, right: Point | undefined): Point | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const [x1, y1] = left;
  const [x2, y2] = right;
  if (x1 === x2 && mod(y1 + y2) === 0n) return undefined;
  const slope = x1 === x2 ? (3n * x1 * x1 - 3n) * inverse(2n * y1) : (y2 - y1) * inverse(x2 - x1);
  const x = mod(slope * slope - x1 - x2);
  return [x, mod(slope * (x1 - x) - y1)];
}

/** @param scalar - 1 to n - 1, so that the product is never the point at infinity */
export function multiply(point: Point, scalar: bigint): Point {
  let sum: Point | undefined;
  let doubled: Point | undefined = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled)) {
    if ((rest & 1n) === 1n) sum = add(sum, doubled);
  }
  if (sum === undefined) throw new RangeError('the point at infinity');
  return sum;
}

/** 32 bytes, big-endian. */
export const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

/** Uncompressed; whether it is on the curve is not looked at. */
export const encode = ([x, y]: Point): Buffer => Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)]);
