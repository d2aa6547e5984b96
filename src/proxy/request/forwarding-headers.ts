/**
 * `option forwardfor`, `option originalto` and `unique-id-header`: tell the server who the client was, where it
 * went, and what the request is called in the logs.
 */
import { parseNetwork } from '../../base/cidr.ts';
import { parseIp } from '../../base/ip-address.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { RuleContext } from '../../rules/context.ts';

export type HeaderAdder = (transaction: RuleContext) => void;

/**
 * The frontend's settings and the backend's may both ask for it; one header is added then, named as the backend
 * says, and `except` and `if-none` of either hold (manual, `option forwardfor`).
 */
export function compileForwardFor(frontend: Proxy, backend: Proxy): HeaderAdder | undefined {
  const settings = [frontend.options.forwardfor, backend.options.forwardfor].filter(one => one !== undefined);
  const last = settings.at(-1);
  if (last === undefined) return undefined;
  const { header } = last;
  const lower = header.toLowerCase();
  const ifNone = settings.every(one => one.ifNone);
  const except = settings.flatMap(one => (one.except === undefined ? [] : (parseNetwork(one.except) ?? [])));
  return transaction => {
    const source = transaction.client?.source;
    const request = transaction.request;
    if (source === undefined || source.family === 0 || request === undefined) return;
    if (ifNone && request.headers.has(lower)) return;
    if (except.length > 0) {
      const ip = parseIp(source.host);
      if (ip !== undefined && except.some(network => network.contains(ip))) return;
    }
    request.headers.add(header, source.host);
  };
}

/** As above, without `if-none`. */
export function compileOriginalTo(frontend: Proxy, backend: Proxy): HeaderAdder | undefined {
  const settings = [frontend.options.originalto, backend.options.originalto].filter(one => one !== undefined);
  const last = settings.at(-1);
  if (last === undefined) return undefined;
  const { header } = last;
  const except = settings.flatMap(one => (one.except === undefined ? [] : (parseNetwork(one.except) ?? [])));
  return transaction => {
    const destination = transaction.client?.destination;
    if (destination === undefined || destination.family === 0) return;
    if (except.length > 0) {
      const ip = parseIp(destination.host);
      if (ip !== undefined && except.some(network => network.contains(ip))) return;
    }
    transaction.request?.headers.add(header, destination.host);
  };
}

/**
 * RFC 8470, section 5.1: what came before the handshake was over may have been sent again by anybody. A crt-list may say so, and be
 * changed.
 */
export function compileEarlyData({ binds }: Proxy): HeaderAdder | undefined {
  const mayComeEarly = binds.some(
    ({ ssl }) =>
      ssl !== undefined &&
      (ssl.earlyData === true || ssl.certificates.some(({ kind }) => kind === 'crt-list')),
  );
  if (!mayComeEarly) return undefined;
  return ({ client, request }) => {
    const early = client?.tls?.early;
    if (early === undefined || early.state === 'complete' || request === undefined) return;
    if (!request.headers.has('early-data')) request.headers.add('Early-Data', '1');
  };
}

/** Both settings are the frontend's. */
export function compileUniqueIdHeader(frontend: Proxy): HeaderAdder | undefined {
  const header = frontend.uniqueIdHeader;
  if (header === undefined || frontend.uniqueIdFormat === undefined) return undefined;
  return transaction => {
    const id = transaction.uniqueId;
    if (id !== undefined) transaction.request?.headers.add(header, id);
  };
}
