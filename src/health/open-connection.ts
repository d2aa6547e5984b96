/**
 * Makes the connections of a check: to where the rule, the check or the server says, with a PROXY protocol header
 * before anything else where one is wanted, and TLS where it is asked for (manual, `check-send-proxy`, `check-ssl`).
 */
import { parseAddress } from '../config-parser/address.ts';
import type { Server, ServerCheck } from '../model/server.ts';
import type { ConnectionHandler, Connector, ConnectTarget } from '../net/connection.ts';
import { buildProxyV1, buildProxyV2 } from '../net/proxy-protocol/build.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckPlace } from './check-place.ts';
import type { ConnectStep } from './ruleset.ts';
import type { CheckConnection, CheckHeader, OpenConnection } from './ruleset-check.ts';
import { Socks4Handler, socks4Request } from './socks4.ts';
import { TlsCheckConnection, type TlsSettings } from './tls-connection.ts';

interface ConnectionSettings {
  readonly engine: Connector;
  readonly place: CheckPlace;
  readonly server: Server;
  /** Undefined for an agent: it gets neither header nor TLS. */
  readonly check: ServerCheck | undefined;
  /** What TLS needs of the server's settings, read once. */
  readonly tls: TlsSettings;
}

export function connectionOpener(settings: ConnectionSettings): OpenConnection {
  return (step, facts, handler, hearsFirst) => {
    const port = typeof step.port === 'function' ? step.port(facts) : step.port;
    const target = settings.place.target({ address: step.address, port }, !hearsFirst);
    if (target === undefined) return 'no address or port to connect to';
    const header = proxyHeader(settings, step);
    if (usesSocks4(settings, step)) return openSocks4(settings, target, header, handler);
    if (usesTls(settings, step)) return openTls(settings, step, facts, target, header, handler);
    const connection = settings.engine.connect(target, handler);
    const layer = target.kind === 'unix' ? 'unix' : 'tcp';
    return { connection, secure: false, header, layer: () => layer };
  };
}

/** Through the proxy that `socks4` names, in plain text. */
function openSocks4(
  { engine, server }: ConnectionSettings,
  target: ConnectTarget,
  header: CheckHeader | undefined,
  handler: ConnectionHandler,
): CheckConnection | string {
  const request = socks4Request(target);
  const proxy = socks4Target(server);
  if (request === undefined || proxy === undefined) return 'SOCKS4 reaches IPv4 addresses only';
  const connection = engine.connect(proxy, new Socks4Handler(request, handler));
  return { connection, secure: false, header, layer: () => 'tcp' };
}

function socks4Target({ otherOptions }: Server): ConnectTarget | undefined {
  const parsed = parseAddress(otherOptions.get('socks4')?.[0] ?? '', { port: 'required' });
  const address = parsed.error === undefined ? parsed.value.address : undefined;
  if (address?.kind !== 'ip') return undefined;
  return { kind: 'ip', family: address.family, host: address.host, port: address.port };
}

function usesSocks4({ server, check }: ConnectionSettings, step: ConnectStep): boolean {
  const asked = step.viaSocks4 || (step.default && check?.viaSocks4 === true);
  return asked && server.otherOptions.has('socks4');
}

function openTls(
  { server, check, tls }: ConnectionSettings,
  step: ConnectStep,
  facts: CheckFacts,
  target: ConnectTarget,
  header: CheckHeader | undefined,
  handler: ConnectionHandler,
): CheckConnection {
  const own = step.default ? check : undefined;
  const ruleSni = typeof step.sni === 'function' ? undefined : step.sni;
  const automatic = server.otherOptions.has('no-check-sni-auto') ? undefined : hostOf(step, facts);
  const sni = ruleSni ?? own?.sni ?? automatic;
  const alpn = step.alpn ?? own?.alpn;
  const connection = new TlsCheckConnection(target, { ...tls, sni, alpn, header }, handler);
  return { connection, secure: true, header: undefined, layer: () => connection.layer };
}

/** The Host of the request, without its port. */
function hostOf(step: ConnectStep, facts: CheckFacts): string | undefined {
  if (typeof step.sni !== 'function') return undefined;
  const host = step.sni(facts).replace(/:\d*$/, '');
  return host === '' ? undefined : host;
}

/** `check-ssl`, or as traffic when the check goes where traffic goes. */
function usesTls({ server, check, place }: ConnectionSettings, step: ConnectStep): boolean {
  if (step.ssl) return true;
  if (!step.default || check === undefined) return false;
  return check.ssl ?? (server.ssl !== undefined && !place.elsewhere && check.unlikeTraffic !== true);
}

/**
 * It names the check's own connection (version 1) or nobody (version 2: LOCAL, but with `pp2-never-send-local`). Servers with `send-proxy` get it too,
 * unless it goes elsewhere.
 */
function proxyHeader(
  { server, check, place }: ConnectionSettings,
  step: ConnectStep,
): CheckHeader | undefined {
  const asTraffic = server.sendProxy !== undefined && !place.elsewhere && check?.unlikeTraffic !== true;
  const own = step.default && check !== undefined && (check.sendProxy || asTraffic);
  if (!step.sendProxy && !own) return undefined;
  if (server.sendProxy?.version !== 2) return buildProxyV1;
  const crc32c = server.sendProxy.options.includes('crc32c');
  if (server.sendProxy.neverLocal === true)
    return (source, destination) => buildProxyV2({ source, destination, crc32c });
  const header = buildProxyV2({ crc32c });
  return () => header;
}
