/**
 * The OpenSSL contexts of connections to servers, one for all servers of a thread with the same settings. A context is
 * made anew when one of its files was exchanged (`commit ssl cert` and its like); open connections keep theirs.
 */
import { constants } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls';
import type { AuthorityFile, LoadedCertificate } from '../../model/tls-material.ts';
import type { ServerTls } from '../../model/server.ts';
import { keepChain } from './context-details.ts';
import { limitClientSignatures } from './client-signatures.ts';
import { cipherList } from './cipher-list.ts';
import { contextOfClient } from './direct/context-address.ts';
import type { SslContext } from './direct/ssl.ts';
import { sslCalls } from './direct/ssl-calls.ts';
import { openSsl } from './records/openssl.ts';

/** Where the files are found by name (ThreadCertificates). */
export interface TlsFiles {
  certificate(name: string): LoadedCertificate | undefined;
  authorities(name: string): AuthorityFile | undefined;
}

interface Files {
  readonly own: LoadedCertificate | undefined;
  readonly trusted: AuthorityFile | undefined;
  readonly revoked: AuthorityFile | undefined;
}

interface Made extends Files {
  readonly context: SecureContext;
  direct: SslContext | undefined;
}

export class ServerContexts {
  readonly keepsSecrets: boolean;
  readonly #files: TlsFiles;
  readonly #made = new Map<string, Made>();

  /** `keepsSecrets`: of the connections made with them (`tune.ssl.keylog`). */
  constructor(files: TlsFiles, keepsSecrets = false) {
    this.#files = files;
    this.keepsSecrets = keepsSecrets;
  }

  /** `key`: contextKey(settings), computed once. Throws what OpenSSL says of settings it cannot use. */
  of(key: string, settings: ServerTls): SecureContext {
    return this.#current(key, settings).context;
  }

  /** The same, for handshakes without Node (direct/). Undefined: there are none. */
  direct(key: string, settings: ServerTls): SslContext | undefined {
    const calls = openSsl() === undefined ? undefined : sslCalls();
    if (calls === undefined) return undefined;
    const made = this.#current(key, settings);
    return (made.direct ??= contextOfClient(calls, createServerContext(settings, made), settings.verify));
  }

  #current(key: string, settings: ServerTls): Made {
    const made = this.#made.get(key);
    const files = this.#filesOf(settings);
    if (
      made !== undefined &&
      made.own === files.own &&
      made.trusted === files.trusted &&
      made.revoked === files.revoked
    )
      return made;
    const current = { ...files, context: createServerContext(settings, files), direct: undefined };
    this.#made.set(key, current);
    return current;
  }

  #filesOf({ crt, verify, caFile, crlFile }: ServerTls): Files {
    const find = (name: string | undefined): AuthorityFile | undefined =>
      name === undefined || verify === 'none' ? undefined : this.#files.authorities(name);
    return {
      own: crt === undefined ? undefined : this.#files.certificate(crt),
      trusted: find(caFile),
      revoked: find(crlFile),
    };
  }
}

/** The same for settings that make the same context. */
export function contextKey(settings: ServerTls): string {
  const { verify, caFile, crlFile, crt, ciphers, ciphersuites, curves, sigalgs } = settings;
  const { clientSigalgs, minVersion, maxVersion, noTickets, renegotiate } = settings;
  const parts = [verify, caFile, crlFile, crt, ciphers, ciphersuites, curves, sigalgs, clientSigalgs];
  return JSON.stringify([...parts, minVersion, maxVersion, noTickets, renegotiate]);
}

export function createServerContext(settings: ServerTls, files: Files): SecureContext {
  const { own, trusted, revoked } = files;
  const { ciphers, ciphersuites, curves, sigalgs, minVersion, maxVersion } = settings;
  const options: SecureContextOptions = {
    // without authorities of its own a context gets all that Node knows
    ca: trusted === undefined ? [] : [...trusted.certificates],
    ciphers: cipherList(ciphers, ciphersuites),
    secureOptions: optionBits(settings),
    minVersion: versionOf(minVersion) ?? 'TLSv1.2',
    maxVersion: versionOf(maxVersion) ?? 'TLSv1.3',
    ...(own !== undefined && { cert: own.certPem + own.chainPem, key: own.keyPem }),
    ...(curves !== undefined && { ecdhCurve: curves }),
    ...(sigalgs !== undefined && { sigalgs }),
  };
  const crl = [...(revoked?.revocations ?? []), ...(trusted?.revocations ?? [])];
  const context = createSecureContext(
    crl.length > 0 && revoked !== undefined ? { ...options, crl } : options,
  );
  return limitClientSignatures(keepChain(context), settings.clientSigalgs);
}

function optionBits({ noTickets, renegotiate }: ServerTls): number {
  const ticket = noTickets === true ? constants.SSL_OP_NO_TICKET : 0;
  const renegotiation = renegotiate === false ? constants.SSL_OP_NO_RENEGOTIATION : 0;
  return constants.SSL_OP_ALL | constants.SSL_OP_NO_COMPRESSION | ticket | renegotiation;
}

/** SSLv3 is not in OpenSSL as Node has it: the lowest version that is takes its place. */
function versionOf(name: string | undefined): SecureVersion | undefined {
  if (name === undefined) return undefined;
  return name === 'TLSv1.0' || name === 'SSLv3' ? 'TLSv1' : (name as SecureVersion);
}
