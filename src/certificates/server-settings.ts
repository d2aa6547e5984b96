/** Whether OpenSSL can work with what a server line says of TLS, told as HAProxy does. */
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Server, ServerTls } from '../model/server.ts';
import { speaksTls } from './speaks-tls.ts';
import {
  canLimitSignatures,
  limitClientSignatures,
  SIGNATURES_NOT_LIMITED,
} from '../net/tls/client-signatures.ts';
import { suitesOf } from '../net/tls/cipher-list.ts';
import { contextKey, createServerContext, type TlsFiles } from '../net/tls/server-contexts.ts';

/** Undefined: nothing is wrong. Files that were not loaded are not told here. */
export function mistakeInServerTls(tls: ServerTls, files: TlsFiles): string | undefined {
  const find = (name: string | undefined) => (name === undefined ? undefined : files.authorities(name));
  const own = tls.crt === undefined ? undefined : files.certificate(tls.crt);
  try {
    createServerContext(tls, { own, trusted: find(tls.caFile), revoked: find(tls.crlFile) });
    return undefined;
  } catch (error) {
    return settingRefused(tls) ?? `unable to use these TLS settings: ${(error as Error).message}.`;
  }
}

/** Which of its words OpenSSL does not know. */
function settingRefused({
  ciphers,
  ciphersuites,
  curves,
  sigalgs,
  clientSigalgs,
}: ServerTls): string | undefined {
  if (ciphers !== undefined && !isAccepted({ ciphers }))
    return `unable to set SSL cipher list to '${ciphers}'.`;
  if (ciphersuites !== undefined && !isAccepted({ ciphers: suitesOf(ciphersuites), minVersion: 'TLSv1.3' }))
    return `unable to set TLS 1.3 cipher suites to '${ciphersuites}'.`;
  if (curves !== undefined && !isAccepted({ ecdhCurve: curves }))
    return `unable to set SSL curves list to '${curves}'.`;
  if (sigalgs !== undefined && !isAccepted({ sigalgs }))
    return `unable to set SSL Signature Algorithm list to '${sigalgs}'.`;
  if (!isAccepted({}, clientSigalgs))
    return `unable to set SSL Signature Algorithm list to '${clientSigalgs}'.`;
  return undefined;
}

function isAccepted(options: SecureContextOptions, clientSigalgs?: string): boolean {
  try {
    limitClientSignatures(createSecureContext({ ca: [], ...options }), clientSigalgs);
    return true;
  } catch {
    return false;
  }
}

/** Of all servers of a configuration; settings that many have are looked at once. */
export function checkServerSettings({ proxies }: Config, files: TlsFiles): readonly Diagnostic[] {
  const mistakes = new Map<string, string | undefined>();
  const mistakeOf = (tls: ServerTls): string | undefined => {
    const key = contextKey(tls);
    if (!mistakes.has(key)) mistakes.set(key, mistakeInServerTls(tls, files));
    return mistakes.get(key);
  };
  return proxies
    .filter(({ disabled }) => !disabled)
    .flatMap(proxy =>
      proxy.servers.flatMap((server): Diagnostic[] => {
        const { tls, name, position } = server;
        const mistake = tls && mistakeOf(tls);
        const where = `'server ${proxy.name}/${name}' : `;
        const severity = speaksTls(server, proxy.check) ? 'alert' : 'warning';
        if (mistake !== undefined) return [{ severity, position, message: where + mistake }];
        if (tls?.clientSigalgs === undefined || canLimitSignatures()) return [];
        return [{ severity: 'warning', position, message: where + SIGNATURES_NOT_LIMITED }];
      }),
    );
}

/** Why a server added at run time cannot be: its files have to be known already. */
export function unknownFileOf({ crt, caFile, crlFile }: ServerTls, files: TlsFiles): string | undefined {
  if (crt !== undefined && files.certificate(crt) === undefined)
    return `unable to stat SSL certificate '${crt}'.`;
  if (caFile !== undefined && files.authorities(caFile) === undefined)
    return `'ca-file' : unable to load ${caFile}`;
  if (crlFile !== undefined && files.authorities(crlFile) === undefined)
    return `'crl-file' : unable to load ${crlFile}`;
  return undefined;
}

/** Servers that nobody speaks TLS with lose settings that nobody could: `set server … ssl on` answers that there are none. */
export function withoutUnusableTls(config: Config, files: TlsFiles): Config {
  const isUnusable = (tls: ServerTls): boolean =>
    unknownFileOf(tls, files) !== undefined || mistakeInServerTls(tls, files) !== undefined;
  const proxies = config.proxies.map(proxy => {
    const loses = ({ tls, ...server }: Server): boolean =>
      tls !== undefined && !speaksTls(server, proxy.check) && isUnusable(tls);
    if (!proxy.servers.some(loses)) return proxy;
    const servers = proxy.servers.map(server => {
      const { tls: _tls, ...others } = server;
      return loses(server) ? others : server;
    });
    return { ...proxy, servers };
  });
  return { ...config, proxies };
}
