/** Memory of a thread for records: those that are being sent, and those that have come in part. */
import { BufferPool } from '../../buffer-pool.ts';
import { MOST_CONTENT, MOST_OVERHEAD, MOST_RECORD } from './record-cipher.ts';

/** As much as is received at a time where bytes rush in. */
const RECORDS_AT_A_TIME = 4;

const SENT_AT_A_TIME = RECORDS_AT_A_TIME * MOST_CONTENT;
/** Small records fill a send less well. */
export const outgoing = new BufferPool(SENT_AT_A_TIME + RECORDS_AT_A_TIME * MOST_OVERHEAD);
/** In front of a record that was put together, as in front of all that is received (Connection.headroom). */
export const OWN_HEADROOM = 1024;
export const incoming = new BufferPool(OWN_HEADROOM + MOST_RECORD);
