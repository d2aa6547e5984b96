/**
 * The ciphers of both directions of a handshake that is over, and what OpenSSL's key log tells of it until it is known where
 * secrets lie.
 */
import { keyringOfMaster, keyringOfTraffic } from '../records/keyring.ts';
import { openSsl } from '../records/openssl.ts';
import type { RecordKeyring } from '../records/record-cipher.ts';
import { suiteOf } from '../records/suites.ts';
import { SecretPlaces, type TrafficSecretPair } from './secret-places.ts';
import type { Ssl } from './ssl.ts';

/** Of the thread. */
export const places = new SecretPlaces();

const HASH_BYTES = { sha256: 32, sha384: 48 } as const;
const CLIENT = 'CLIENT_TRAFFIC_SECRET_0 ';
const SERVER = 'SERVER_TRAFFIC_SECRET_0 ';
/** Between label and secret: the client's random bytes, and a blank. */
const RANDOM_DIGITS = 65;

export class DirectSecrets {
  #client: Buffer | undefined;
  #server: Buffer | undefined;

  /** A line of the key log: only those of TLS 1.3's traffic are needed. */
  note(line: string): void {
    if (line.startsWith(CLIENT)) this.#client = secretIn(line);
    else if (line.startsWith(SERVER)) this.#server = secretIn(line);
  }

  /** Undefined: what was agreed on is not for records/. `tickets`: encrypted records in the last flight. */
  keyring(ssl: Ssl, side: 'server' | 'client', tickets: number): RecordKeyring | undefined {
    const crypto = openSsl();
    const suite = suiteOf(ssl.version, ssl.cipher);
    if (crypto === undefined || suite === undefined) return undefined;
    if (suite.version === 'TLSv1.2') {
      const master = ssl.masterSecret();
      return master && keyringOfMaster(crypto, suite, side, master);
    }
    const secrets = places.read(ssl, HASH_BYTES[suite.hash]) ?? this.#told(ssl);
    return secrets && keyringOfTraffic(crypto, suite, side, secrets, tickets);
  }

  #told(ssl: Ssl): TrafficSecretPair | undefined {
    const [client, server] = [this.#client, this.#server];
    if (client === undefined || server === undefined) return undefined;
    places.learn(ssl, { client, server });
    return { client, server };
  }
}

/** `<label> <random> <secret>` */
function secretIn(line: string): Buffer {
  return Buffer.from(line.slice(CLIENT.length + RANDOM_DIGITS), 'hex');
}
