/** The ciphers of both directions, from what a handshake has agreed on. `side`: this one. */
import { keysOfMaster, keysOfSecret, type MasterSecret } from './key-schedule.ts';
import type { OpenSsl } from './openssl.ts';
import { RecordCipher, type RecordKeyring } from './record-cipher.ts';
import type { Suite } from './suites.ts';

type Side = 'server' | 'client';

/** In TLS 1.2 each side has sealed its Finished, and nothing else. */
const AFTER_FINISHED = 1;

/** TLS 1.3. A server has sealed so many tickets; a client's last flight was of other keys. */
export function keyringOfTraffic(
  crypto: OpenSsl,
  suite: Suite,
  side: Side,
  { client, server }: { readonly client: Buffer; readonly server: Buffer },
  sealed: number,
): RecordKeyring {
  const [incoming, outgoing] = side === 'server' ? [client, server] : [server, client];
  const tickets = side === 'server' ? sealed : 0;
  return {
    suite,
    opener: new RecordCipher(crypto, suite, keysOfSecret(suite, incoming), false, 0),
    sealer: new RecordCipher(crypto, suite, keysOfSecret(suite, outgoing), true, tickets),
    secrets: { incoming, outgoing },
  };
}

/** TLS 1.2. */
export function keyringOfMaster(
  crypto: OpenSsl,
  suite: Suite,
  side: Side,
  master: MasterSecret,
): RecordKeyring {
  const [client, server] = keysOfMaster(suite, master);
  const [incoming, outgoing] = side === 'server' ? [client, server] : [server, client];
  return {
    suite,
    opener: new RecordCipher(crypto, suite, incoming, false, AFTER_FINISHED),
    sealer: new RecordCipher(crypto, suite, outgoing, true, AFTER_FINISHED),
    secrets: undefined,
  };
}
