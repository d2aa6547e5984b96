/** Request and status lines, URL and its parts, captures (manual, section 7.3.6). */
import { avalanche } from '../../base/hash.ts';
import { ipToBytes, parseIpv4 } from '../../base/ip-address.ts';
import type { RequestHead } from '../../http/head.ts';
import type { RequestLine, SampleContext } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';
import { addressOf } from './connection.ts';
import { eachItem, pathAndQuery, pathOf } from './header-text.ts';
import { renderVersion, requestOf, responseOf } from './message.ts';

function fromRequest(read: (head: RequestHead) => ReturnType<Getter>): Getter {
  return ctx => {
    const head = requestOf(ctx);
    return head === undefined ? undefined : read(head);
  };
}

function row(
  name: string,
  out: FetchRow['out'],
  summary: string,
  get: Getter,
  sources: FetchRow['sources'] = ['HTTP request headers'],
): FetchRow {
  return { name, out, sources, summary, compile: () => get };
}

function hostOf(head: RequestHead): string | undefined {
  let host: string | undefined;
  eachItem(head.headers, 'host', item => {
    host = item;
    return true;
  });
  return host;
}

/** Host, then the path when it starts with a slash; without Host the path alone. */
function baseOf(head: RequestHead, withQuery: boolean): string | undefined {
  const host = hostOf(head);
  const path = withQuery ? pathAndQuery(head.target) : pathOf(head.target);
  if (host === undefined || host === '') return path;
  return path !== undefined && path.startsWith('/') ? host + path : host;
}

/** A 32-bit hash of Host and path; bytes count as signed, as the hash always did. */
function hashOf(head: RequestHead, withQuery: boolean): number {
  const path = (withQuery ? pathAndQuery(head.target) : pathOf(head.target)) ?? '';
  const host = (withQuery ? head.headers.get('host') : hostOf(head)) ?? '';
  return avalanche(signedHash(host + (path.startsWith('/') ? path : '')));
}

/** The SDBM function over signed bytes. */
function signedHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(hash, 65599) + ((text.charCodeAt(index) << 24) >> 24)) | 0;
  return hash >>> 0;
}

function withSource(ctx: SampleContext, hash: number): string | undefined {
  const source = addressOf(ctx.client?.source);
  if (source === undefined) return undefined;
  return (
    String.fromCharCode(hash >>> 24, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255) + ipToBytes(source)
  );
}

function hashWithSource(withQuery: boolean): Getter {
  return ctx => {
    const head = requestOf(ctx);
    return head === undefined ? undefined : withSource(ctx, hashOf(head, withQuery));
  };
}

/** Address and port of an absolute http or https URL that names its host by IPv4 address. */
function urlAddress(target: string): { host: string; port: number } | undefined {
  const match = /^(https?):\/\/([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::([0-9]*))?/i.exec(target);
  if (match === null) return undefined;
  const port = match[3] === undefined ? (match[1]?.toLowerCase() === 'https' ? 443 : 80) : Number(match[3]);
  return { host: match[2] as string, port: port & 0xffff };
}

function captureSlot(side: 'requestCaptures' | 'responseCaptures'): NonNullable<FetchRow['compile']> {
  return args => {
    const slot = Number(args[0]?.int ?? 0);
    return ctx => ctx[side][slot];
  };
}

const EXCHANGE = ['HTTP request'] as const;

const KNOWN_METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']);

/** As received, also behind `set-method`, unless it was none that HAProxy knows. */
function methodOf(ctx: SampleContext): string | undefined {
  const received = (ctx.requestLine ?? ctx.request ?? requestOf(ctx))?.method;
  if (received === undefined || KNOWN_METHODS.has(received)) return received;
  return ctx.request?.method ?? received;
}

export const REQUEST_FETCHES: readonly FetchRow[] = [
  row('method', 'meth', 'request method', methodOf, EXCHANGE),
  row(
    'req.ver',
    'str',
    'HTTP version of the request',
    ctx => writtenVersionOf(ctx.request ?? ctx.requestLine ?? requestOf(ctx)),
    EXCHANGE,
  ),
  row('res.ver', 'str', 'HTTP version of the response', ctx => versionOf(responseOf(ctx)), ['HTTP response']),
  row('status', 'int', 'status of the response', ctx => responseOf(ctx)?.status, ['HTTP response']),
  row(
    'req.proto_http',
    'bool',
    'the bytes are an HTTP request',
    fromRequest(() => true),
    EXCHANGE,
  ),
  row(
    'url',
    'str',
    'request target as received',
    fromRequest(head => head.target),
  ),
  row(
    'path',
    'str',
    'path of the URL, without query',
    fromRequest(head => pathOf(head.target)),
  ),
  row(
    'pathq',
    'str',
    'path of the URL with its query',
    fromRequest(head => pathAndQuery(head.target)),
  ),
  row(
    'base',
    'str',
    'Host and path',
    fromRequest(head => baseOf(head, false)),
  ),
  row(
    'baseq',
    'str',
    'Host, path and query',
    fromRequest(head => baseOf(head, true)),
  ),
  row(
    'base32',
    'int',
    '32-bit hash of Host and path',
    fromRequest(head => hashOf(head, false)),
  ),
  row('base32+src', 'bin', 'hash of Host and path, then the client address', hashWithSource(false)),
  row(
    'url32',
    'int',
    '32-bit hash of Host and URL',
    fromRequest(head => hashOf(head, true)),
  ),
  row('url32+src', 'bin', 'hash of Host and URL, then the client address', hashWithSource(true)),
  {
    name: 'url_ip',
    out: 'ipv4',
    sources: ['HTTP request headers'],
    summary: 'address in an absolute URL',
    compile: () => fromRequest(head => parseIpv4(urlAddress(head.target)?.host ?? '')),
  },
  row(
    'url_port',
    'int',
    'port in an absolute URL',
    fromRequest(head => urlAddress(head.target)?.port),
  ),
  {
    name: 'query',
    args: ['options:str?'],
    out: 'str',
    sources: ['HTTP request headers'],
    summary: 'query of the URL; with_qm keeps its question mark',
    compile: args => {
      const option = args[0]?.text ?? '';
      if (option !== '' && option !== 'with_qm') return { error: 'supported options are: with_qm' };
      return fromRequest(head => {
        const mark = head.target.indexOf('?');
        if (mark < 0) return undefined;
        const keep = option !== '' && mark + 1 < head.target.length;
        return head.target.slice(keep ? mark : mark + 1);
      });
    },
  },
  {
    name: 'http_first_req',
    out: 'bool',
    sources: EXCHANGE,
    summary: 'first request of its connection',
    compile: () => ctx => (ctx.client === undefined ? undefined : ctx.client.requestCount <= 1),
  },
  {
    name: 'capture.req.hdr',
    args: ['idx:int'],
    out: 'str',
    sources: EXCHANGE,
    summary: 'captured request header, by slot',
    compile: captureSlot('requestCaptures'),
  },
  {
    name: 'capture.res.hdr',
    args: ['idx:int'],
    out: 'str',
    sources: ['HTTP response'],
    summary: 'captured response header, by slot',
    compile: captureSlot('responseCaptures'),
  },
  row('capture.req.method', 'str', 'method as first received', ctx => ctx.requestLine?.method, EXCHANGE),
  row(
    'capture.req.uri',
    'str',
    'path and query as first received',
    ctx => (ctx.requestLine === undefined ? undefined : pathAndQuery(ctx.requestLine.target)),
    EXCHANGE,
  ),
  row(
    'capture.req.ver',
    'str',
    'HTTP/ and the version of the request',
    ctx => prefixed(versionOf(ctx.requestLine ?? ctx.request)),
    EXCHANGE,
  ),
  row(
    'capture.res.ver',
    'str',
    'HTTP/ and the version of the response',
    ctx => prefixed(versionOf(ctx.response)),
    EXCHANGE,
  ),
];

function prefixed(version: string | undefined): string | undefined {
  return version === undefined ? undefined : `HTTP/${version}`;
}

function writtenVersionOf(request: RequestHead | RequestLine | undefined): string | undefined {
  return request === undefined ? undefined : renderVersion(request.writtenVersion ?? request.version);
}

function versionOf(message: { readonly version: number } | undefined): string | undefined {
  return message === undefined ? undefined : renderVersion(message.version);
}
