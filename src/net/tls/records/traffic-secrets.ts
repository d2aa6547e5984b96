/** Collects what a TLSSocket tells of its secrets, and makes the ciphers of both directions of it. */
import type { TLSSocket } from 'node:tls';
import type { HandshakeRecords } from './handshake-records.ts';
import { keysOfMaster, keysOfSecret } from './key-schedule.ts';
import { type OpenSsl, openSsl } from './openssl.ts';
import { RecordCipher, type RecordKeyring } from './record-cipher.ts';
import { type Suite, suiteOf } from './suites.ts';

/** In TLS 1.2 each side has sealed its Finished, and nothing else. */
const AFTER_FINISHED = 1;
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
    return suite.version === 'TLSv1.3'
      ? this.#ofTraffic(crypto, suite, side, records.sealed)
      : this.#ofMaster(crypto, suite, side, records.serverRandom);
  }

  /** A server has sealed its tickets; a client's last flight was of other keys. */
  #ofTraffic(
    crypto: OpenSsl,
    suite: Suite,
    side: 'server' | 'client',
    sealed: number,
  ): RecordKeyring | undefined {
    const client = this.#secrets.get('CLIENT_TRAFFIC_SECRET_0');
    const server = this.#secrets.get('SERVER_TRAFFIC_SECRET_0');
    if (client === undefined || server === undefined) return undefined;
    const [incoming, outgoing] = side === 'server' ? [client, server] : [server, client];
    const tickets = side === 'server' ? sealed : 0;
    return {
      suite,
      opener: new RecordCipher(crypto, suite, keysOfSecret(suite, incoming), false, 0),
      sealer: new RecordCipher(crypto, suite, keysOfSecret(suite, outgoing), true, tickets),
      secrets: { incoming, outgoing },
    };
  }

  #ofMaster(
    crypto: OpenSsl,
    suite: Suite,
    side: 'server' | 'client',
    serverRandom: Buffer | undefined,
  ): RecordKeyring | undefined {
    const secret = this.#secrets.get('CLIENT_RANDOM');
    const clientRandom = this.#clientRandom;
    if (secret === undefined || clientRandom === undefined || serverRandom === undefined) return undefined;
    const [client, server] = keysOfMaster(suite, { secret, clientRandom, serverRandom });
    const [incoming, outgoing] = side === 'server' ? [client, server] : [server, client];
    return {
      suite,
      opener: new RecordCipher(crypto, suite, incoming, false, AFTER_FINISHED),
      sealer: new RecordCipher(crypto, suite, outgoing, true, AFTER_FINISHED),
      secrets: undefined,
    };
  }

  readonly #note = (line: Buffer): void => {
    const [, label, random, secret] = LINE.exec(line.toString('latin1')) ?? [];
    if (label === undefined || random === undefined || secret === undefined) return;
    this.#clientRandom = Buffer.from(random, 'hex');
    this.#secrets.set(label, Buffer.from(secret, 'hex'));
  };
}
