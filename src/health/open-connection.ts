/**
 * Makes the connections of a check: to where the rule, the check or the server says, with a PROXY protocol header
 * before anything else where one is wanted, and TLS where it is asked for (manual, `check-send-proxy`, `check-ssl`).
 */
import type { Server, ServerCheck } from '../model/server.ts';
import type { Connection, ConnectionHandler, Connector, ConnectTarget } from '../net/connection.ts';
import { buildProxyV1, buildProxyV2 } from '../net/proxy-protocol/build.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckPlace } from './check-place.ts';
import type { ConnectStep } from './ruleset.ts';
import type { CheckConnection, CheckHeader, OpenConnection } from './ruleset-check.ts';
import { Http2Opening, type SpeakHttp2 } from './http2-opening.ts';
import { connectBySocks4, reachesBySocks4 } from '../net/socks4.ts';
import { goesToAttached, openAttached } from './open-attached.ts';
import { type HandshakeCounts, Securing } from './securing.ts';
import type { Adopter } from '../net/tls/handshake-wire.ts';
import type { ServerTlsClient } from '../net/tls/server-tls.ts';

interface ConnectionSettings {
  readonly engine: Connector;
  /** For connections that become TLS. */
  readonly tlsEngine: () => Connector & Adopter;
  readonly place: CheckPlace;
  readonly server: Server;
  /** Undefined for an agent: it gets neither header nor TLS. */
  readonly check: ServerCheck | undefined;
  readonly tls: ServerTlsClient;
  readonly handshakes: HandshakeCounts;
  /** Of a server with the address `rhttp@`: one that it has made, by that name. */
  readonly attached: (name: string, handler: ConnectionHandler) => Connection | undefined;
  /** For checks that speak HTTP; undefined for all others. */
  readonly speakHttp2: SpeakHttp2 | undefined;
}

export function connectionOpener(settings: ConnectionSettings): OpenConnection {
  return (step, facts, handler, hearsFirst) => {
    if (goesToAttached(settings, step)) return openAttached(settings, handler);
    const port = typeof step.port === 'function' ? step.port(facts) : step.port;
    const target = settings.place.target({ address: step.address, port }, !hearsFirst);
    if (target === undefined) return 'no address or port to connect to';
    const header = proxyHeader(settings, step);
    if (usesTls(settings, step)) return openTls(settings, step, facts, target, header, handler);
    if (settings.speakHttp2 !== undefined && protocolOf(settings, step) === 'h2')
      return openHttp2(settings, settings.speakHttp2, step, target, header, handler);
    const opened = openPlain(settings.engine, settings, step, target, handler);
    if (typeof opened === 'string') return opened;
    return {
      get connection() {
        return opened.connection;
      },
      secure: false,
      header,
      layer: () => layerOf(target),
    };
  };
}

/** `proto` of the rule, or as the check and its server say. */
function protocolOf({ server, check }: ConnectionSettings, step: ConnectStep): string | undefined {
  return step.proto ?? (step.default && check !== undefined ? (check.proto ?? server.proto) : undefined);
}

function openHttp2(
  settings: ConnectionSettings,
  speak: SpeakHttp2,
  step: ConnectStep,
  target: ConnectTarget,
  header: CheckHeader | undefined,
  handler: ConnectionHandler,
): CheckConnection | string {
  const opening = new Http2Opening({ speak, isHttp2: () => true, header, handler });
  const plain = openPlain(settings.engine, settings, step, target, opening);
  if (typeof plain === 'string') return plain;
  return {
    get connection() {
      return opening.connection ?? plain.connection;
    },
    secure: false,
    header: undefined,
    layer: () => layerOf(target),
  };
}

function layerOf(target: ConnectTarget): 'unix' | 'tcp' {
  return target.kind === 'unix' ? 'unix' : 'tcp';
}

/** Straight on, or through the proxy that `socks4` names. */
function openPlain(
  engine: Connector,
  settings: ConnectionSettings,
  step: ConnectStep,
  target: ConnectTarget,
  handler: ConnectionHandler,
): { readonly connection: Connection } | string {
  const proxy = socks4Of(settings, step);
  if (proxy === undefined) return { connection: engine.connect(target, handler) };
  if (!reachesBySocks4(target)) return 'SOCKS4 reaches IPv4 addresses only';
  return connectBySocks4(engine, proxy, target, handler);
}

function socks4Of({ server, check }: ConnectionSettings, step: ConnectStep): Server['socks4'] {
  const isAsked = step.viaSocks4 || (step.default && check?.viaSocks4 === true);
  return isAsked ? server.socks4 : undefined;
}

function openTls(
  settings: ConnectionSettings,
  step: ConnectStep,
  facts: CheckFacts,
  target: ConnectTarget,
  header: CheckHeader | undefined,
  handler: ConnectionHandler,
): CheckConnection | string {
  const { server, check, tls, handshakes: counts } = settings;
  const own = step.default ? check : undefined;
  const ruleSni = typeof step.sni === 'function' ? undefined : step.sni;
  const automatic = server.otherOptions.has('no-check-sni-auto') ? undefined : hostOf(step, facts);
  const sni = ruleSni ?? own?.sni ?? automatic;
  const alpn = step.alpn ?? own?.alpn;
  const engine = settings.tlsEngine();
  const opening = agreedOpening(settings, step, handler);
  const securing = new Securing({
    client: tls,
    engine,
    sni,
    alpn,
    header,
    handler: opening ?? handler,
    counts,
  });
  const plain = openPlain(engine, settings, step, target, securing);
  if (typeof plain === 'string') return plain;
  return {
    get connection() {
      return opening?.connection ?? securing.connection ?? plain.connection;
    },
    secure: true,
    header: undefined,
    layer: () => (securing.layer === 'tls' ? 'tls' : layerOf(target)),
    abort: () => securing.abort(),
  };
}

/** What is spoken turns out in the handshake, unless it is said. */
function agreedOpening(
  settings: ConnectionSettings,
  step: ConnectStep,
  handler: ConnectionHandler,
): Http2Opening | undefined {
  const speak = settings.speakHttp2;
  if (speak === undefined) return undefined;
  const proto = protocolOf(settings, step);
  const isHttp2 = ({ tls }: Connection): boolean =>
    proto === undefined ? tls?.alpn === 'h2' : proto === 'h2';
  return new Http2Opening({ speak, isHttp2, header: undefined, handler });
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
