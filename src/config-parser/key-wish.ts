/** `keytype`, `bits` and `curves`: what kind of key is to be made (manual, sections 12.7.1 and 12.8). */
import type { KeyWish } from '../model/acme.ts';
import { parseInteger } from './units.ts';

const DEFAULT_BITS = 2048;
const LEAST_BITS = 1024;
const MOST_BITS = 16_384;

/** By the names of NIST and of OpenSSL, in lower case. */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['p-256', 'prime256v1'],
  ['prime256v1', 'prime256v1'],
  ['secp256r1', 'prime256v1'],
  ['p-384', 'secp384r1'],
  ['secp384r1', 'secp384r1'],
  ['p-521', 'secp521r1'],
  ['secp521r1', 'secp521r1'],
]);
const DEFAULT_CURVE = 'P-384';

interface WrittenWish {
  readonly type: string;
  readonly bits: string | undefined;
  readonly curve: string | undefined;
}

export function keyWish({
  type,
  bits = String(DEFAULT_BITS),
  curve = DEFAULT_CURVE,
}: WrittenWish): KeyWish | { readonly error: string } {
  if (type !== 'RSA' && type !== 'ECDSA')
    return { error: `'keytype' expects 'RSA' or 'ECDSA', found '${type}'.` };
  if (type === 'RSA') {
    const { value } = parseInteger(bits, LEAST_BITS, MOST_BITS);
    if (value !== undefined) return { type: 'rsa', bits: value };
    return { error: `'bits' expects a number between ${LEAST_BITS} and ${MOST_BITS}, found '${bits}'.` };
  }
  const known = CURVES.get(curve.toLowerCase());
  if (known !== undefined) return { type: 'ec', curve: known };
  return { error: `'curves' expects P-256, P-384 or P-521, found '${curve}'.` };
}
