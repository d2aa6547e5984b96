/**
 * Where OpenSSL keeps the secrets of TLS 1.3's traffic within a connection. Its key log tells them, but puts each byte down
 * by a call of sprintf(3), which costs a tenth of a handshake. So they are looked for in the memory of connections whose log
 * has told them; where they were found at the same places twice, they are copied from there afterwards, and nothing is
 * logged any more. The places are those of the program's code, the same for all connections, and lie within what was
 * allocated for each.
 */
import type { Ssl } from './ssl.ts';

export interface TrafficSecretPair {
  readonly client: Buffer;
  readonly server: Buffer;
}

const ENOUGH = 2;
/** After so many contradictions nothing is looked for any more. */
const MOST_FAILURES = 3;

export class SecretPlaces {
  #client = -1;
  #server = -1;
  #found = 0;
  #failures = 0;

  get areKnown(): boolean {
    return this.#found >= ENOUGH;
  }

  /** `secrets`: what the key log has told of that connection, whose handshake is over. */
  learn(ssl: Ssl, { client, server }: TrafficSecretPair): void {
    if (this.areKnown || this.#failures >= MOST_FAILURES) return;
    const memory = ssl.memory();
    const [clientAt, serverAt] = [onlyPlace(memory, client), onlyPlace(memory, server)];
    const isFound = clientAt >= 0 && serverAt >= 0;
    const isSame = isFound && (this.#found === 0 || (clientAt === this.#client && serverAt === this.#server));
    if (!isSame) this.#failures++;
    this.#client = clientAt;
    this.#server = serverAt;
    this.#found = isSame ? this.#found + 1 : 0;
  }

  /** Of that length each; undefined: the places are not known. */
  read(ssl: Ssl, length: number): TrafficSecretPair | undefined {
    if (!this.areKnown) return undefined;
    const [client, server] = [ssl.bytesAt(this.#client, length), ssl.bytesAt(this.#server, length)];
    return client && server && { client, server };
  }
}

/** -1: there is none, or more than one. */
function onlyPlace(memory: Buffer, secret: Buffer): number {
  const at = memory.indexOf(secret);
  return at === memory.lastIndexOf(secret) ? at : -1;
}
