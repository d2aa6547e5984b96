/**
 * Secrets of one connection, from the lines of OpenSSL's key log, or of Node's `keylog` event (the format of NSS key logs):
 *
 *   CLIENT_RANDOM <random> <master secret>          up to TLS 1.2
 *   CLIENT_TRAFFIC_SECRET_0 <random> <secret>       TLS 1.3, one line a secret
 */
import type { TLSSocket } from 'node:tls';
import type { Global } from '../../model/global.ts';

/** `tune.ssl.keylog` */
export function keepsSecrets({ ssl }: Pick<Global, 'ssl'>): boolean {
  return ssl.get('tune.ssl.keylog')?.[0] === 'on';
}

export class KeyLog {
  readonly #secrets = new Map<string, string>();

  /** Listens from now on: before the handshake begins, or it misses some. */
  static of(socket: TLSSocket): KeyLog {
    const log = new KeyLog();
    socket.on('keylog', (line: Buffer) => log.add(line.toString('latin1')));
    return log;
  }

  add(line: string): void {
    const [label, random, secret] = line.trimEnd().split(' ');
    if (label === undefined || random === undefined || secret === undefined) return;
    this.#secrets.set(label.toLowerCase(), secret);
  }

  /** Hexadecimal, by the label in lower case. */
  secret(name: string): string | undefined {
    return this.#secrets.get(name);
  }
}
