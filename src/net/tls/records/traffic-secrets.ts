/** Collects what a TLSSocket tells of its secrets, and makes the ciphers of both directions of it. */
import type { TLSSocket } from 'node:tls';
import type { HandshakeRecords } from './handshake-records.ts';
import { keyringOfMaster, keyringOfTraffic } from './keyring.ts';
import { openSsl } from './openssl.ts';
import type { RecordKeyring } from './record-cipher.ts';
import { suiteOf } from './suites.ts';

const LINE = /^(CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0|SERVER_TRAFFIC_SECRET_0) ([0-9a-f]+) ([0-9a-f]+)\s*$/;

export class TrafficSecrets {
  readonly #socket: TLSSocket;
  readonly #secrets = new Map<string, Buffer>();
  #clientRandom: Buffer | undefined;

  /** Before the handshake begins. */
  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('keylog', this.#note);
  }

  /** Undefined: what was agreed on is OpenSSL's to do. `side`: this one. */
  keyring(side: 'server' | 'client', records: HandshakeRecords): RecordKeyring | undefined {
    this.#socket.off('keylog', this.#note);
    const crypto = openSsl();
    // before there is one, Node answers undefined where its types say it does not
    const cipher = this.#socket.getCipher() as { readonly name: string } | undefined;
    const suite = suiteOf(this.#socket.getProtocol(), cipher?.name);
    if (crypto === undefined || suite === undefined || records.isOther) return undefined;
    if (suite.version === 'TLSv1.3') {
      const client = this.#secrets.get('CLIENT_TRAFFIC_SECRET_0');
      const server = this.#secrets.get('SERVER_TRAFFIC_SECRET_0');
      if (client === undefined || server === undefined) return undefined;
      return keyringOfTraffic(crypto, suite, side, { client, server }, records.sealed);
    }
    const secret = this.#secrets.get('CLIENT_RANDOM');
    const clientRandom = this.#clientRandom;
    const { serverRandom } = records;
    if (secret === undefined || clientRandom === undefined || serverRandom === undefined) return undefined;
    return keyringOfMaster(crypto, suite, side, { secret, clientRandom, serverRandom });
  }

  readonly #note = (line: Buffer): void => {
    const [, label, random, secret] = LINE.exec(line.toString('latin1')) ?? [];
    if (label === undefined || random === undefined || secret === undefined) return;
    this.#clientRandom = Buffer.from(random, 'hex');
    this.#secrets.set(label, Buffer.from(secret, 'hex'));
  };
}
