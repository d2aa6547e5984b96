/** Objects of OpenSSL's in DER, copied into memory of our own. Addresses are good for the time of a call. */
import { addressOf } from '../../memory-address.ts';
import type { SslCalls } from './ssl-calls.ts';

const NONE = 0;
const pointer = new BigUint64Array(1);
const pointerBytes = Buffer.from(pointer.buffer);

/** Of a certificate; undefined: there is none. */
export function derOf(calls: SslCalls, certificate: number): Buffer | undefined {
  return certificate === NONE ? undefined : encoded(at => calls.certificateBytes(certificate, at));
}

/** i2d_X509(3): asked for nothing it tells the length, and wants the address of an address to write to. */
export function encoded(write: (at: number) => number): Buffer | undefined {
  const length = write(NONE);
  if (length <= 0) return undefined;
  const bytes = Buffer.alloc(length);
  pointer[0] = BigInt(addressOf(bytes));
  write(addressOf(pointerBytes));
  return bytes;
}
