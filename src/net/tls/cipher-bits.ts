/** Key lengths of OpenSSL's ciphers, by their names. */

const BITS: readonly (readonly [part: RegExp, keyBits: number, secretBits: number])[] = [
  [/NULL/, 0, 0],
  [/AES_?256|CAMELLIA256|ARIA256|CHACHA20/, 256, 256],
  [/GOST/, 256, 256],
  [/DES-CBC3/, 168, 112],
  [/AES_?128|CAMELLIA128|ARIA128|SEED|IDEA|RC4/, 128, 128],
];

function find(cipher: string): (typeof BITS)[number] | undefined {
  return BITS.find(([part]) => part.test(cipher));
}

/** Bits of the key; undefined: none of OpenSSL's. */
export function keyBits(cipher: string): number | undefined {
  return find(cipher)?.[1];
}

/** Bits of it that are secret; undefined when there are none. */
export function secretBits(cipher: string): number | undefined {
  return find(cipher)?.[2] || undefined;
}
