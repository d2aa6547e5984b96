/** The record of a fatal alert at the end of a handshake. */
import { ALERT, HEADER_BYTES, MOST_OVERHEAD, type RecordKeyring } from './record-cipher.ts';

const FATAL = 2;
const PLAIN = Buffer.from([ALERT, 3, 3, 0, 2]);

/** Sealed where TLS 1.3 was agreed on; the keyring is used up. */
export function alertRecord(description: number, keyring: RecordKeyring | undefined): Buffer {
  const alert = Buffer.from([FATAL, description]);
  const { secrets, sealer, opener } = keyring ?? {};
  const record = Buffer.alloc(HEADER_BYTES + MOST_OVERHEAD);
  const isSealed = secrets !== undefined && sealer !== undefined;
  const sealed = isSealed ? sealer.seal(ALERT, alert, 0, alert.length, record, 0) : 0;
  sealer?.free();
  opener?.free();
  return isSealed ? record.subarray(0, sealed) : Buffer.concat([PLAIN, alert]);
}
