/** What the two ends of an explained exchange say, as bytes. */
import type { ExplainedHeader, ExplainOptions } from '../../config-parser/explain-command.ts';
import { reasonPhrase } from '../../http/reasons.ts';
import type { Endpoint } from '../../net/connection.ts';

export function requestBytes({ request, headers, body }: ExplainOptions): Buffer {
  const { method, target, version, authority } = request;
  const named = (name: string): boolean => headers.some(([other]) => other.toLowerCase() === name);
  const all: ExplainedHeader[] = [...headers];
  if (authority !== undefined && !named('host')) all.unshift(['Host', authority]);
  if (body !== undefined && !named('content-length') && !named('transfer-encoding'))
    all.push(['Content-Length', String(body.length)]);
  return message(`${method} ${target} HTTP/${version}`, all, body ?? '');
}

/** The answer `--response` asks for: empty, as long as nobody says how long it is. */
export function responseBytes({ responseStatus = 200, responseHeaders }: ExplainOptions): Buffer {
  const framed = responseHeaders.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const bodyless = responseStatus === 204 || responseStatus === 304;
  const length: ExplainedHeader[] = framed || bodyless ? [] : [['Content-Length', '0']];
  return message(
    `HTTP/1.1 ${responseStatus} ${reasonPhrase(responseStatus)}`,
    [...responseHeaders, ...length],
    '',
  );
}

function message(start: string, headers: readonly ExplainedHeader[], body: string): Buffer {
  const lines = [start, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.from(lines.join('\r\n') + body, 'latin1');
}

/** What a proxy in front of an `accept-proxy` address says first (PROXY protocol, version 1). */
export function proxyHeaderBytes(source: Endpoint, destination: Endpoint): Buffer {
  const addresses = `${source.host} ${destination.host} ${source.port} ${destination.port}`;
  return Buffer.from(`PROXY TCP${source.family} ${addresses}\r\n`);
}
