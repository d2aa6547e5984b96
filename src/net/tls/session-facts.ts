/** What the cipher and the session of a TLS connection tell samples, whoever made its handshake. */
import { keyBits, secretBits } from './cipher-bits.ts';
import { groupName } from './group-names.ts';
import { NO_SESSION, readSession, type SessionData } from './session-data.ts';

export abstract class SessionFacts {
  abstract readonly cipher: string;
  #known: SessionData = NO_SESSION;

  /** OpenSSL's SSL_SESSION in DER; undefined: there is none, or none any more. */
  protected abstract sessionDer(): Buffer | undefined;

  get keySize(): number | undefined {
    return keyBits(this.cipher);
  }

  get usedKeySize(): number | undefined {
    return secretBits(this.cipher);
  }

  get sessionId(): string | undefined {
    return this.#session().id;
  }

  get sessionKey(): string | undefined {
    return this.#session().masterKey;
  }

  get curve(): string | undefined {
    const { group } = this.#session();
    return group === undefined ? undefined : groupName(group);
  }

  /** What was known last, when the connection is closed. */
  #session(): SessionData {
    const der = this.sessionDer();
    if (der !== undefined) this.#known = readSession(der);
    return this.#known;
  }
}
