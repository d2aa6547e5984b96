/** Fetches on a TLS handshake that passes through undeciphered (manual, section 7.3.5). */
import { latin1Slice } from '../../base/latin1.ts';
import type { ByteView, SampleContext } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';
import type { Value } from '../sample.ts';
import { isResponseRow, payloadOf } from './payload.ts';
import {
  findExtension,
  parseClientHello,
  readKeyShareGroups,
  readProtocolNames,
  readServerName,
  readSpan,
} from '../../net/tls/client-hello.ts';
import type { ClientHello, HelloFailure } from '../../net/tls/client-hello.ts';

const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SESSION_TICKET = 35;
const KEY_SHARE = 51;

type ReadHello = (buffer: Buffer, hello: ClientHello) => Value | undefined;

/** Bytes still missing raise the flag, unless none will come. */
function waitIf(failure: HelloFailure, ctx: SampleContext): undefined {
  if (failure === 'short' && !ctx.final) ctx.needMoreData = true;
  return undefined;
}

function helloGetter(isResponse: boolean, read: ReadHello): Getter {
  return ctx => {
    const view = payloadOf(ctx, isResponse);
    if (view === undefined) return undefined;
    const hello = parseClientHello(view);
    return typeof hello === 'string' ? waitIf(hello, ctx) : read(view.buffer, hello);
  };
}

function helloRow(
  name: string,
  out: FetchRow['out'],
  summary: string,
  read: ReadHello,
  sources: FetchRow['sources'] = ['request buffer'],
): FetchRow {
  return {
    name,
    out,
    sources,
    summary,
    incremental: true,
    compile: (_args, scope) => helloGetter(isResponseRow(name, scope.isResponse), read),
  };
}

const alpnOf = helloGetter(false, (buffer, hello) => {
  const extension = findExtension(buffer, hello.extensions, ALPN);
  return extension && readProtocolNames(buffer, extension);
});

function alpnNames(ctx: SampleContext): readonly string[] {
  const names = alpnOf(ctx);
  return typeof names === 'string' ? names.split(',') : [];
}

/** The first one; ACLs look at all of them. */
const ALPN_ROW: FetchRow = {
  name: 'req.ssl_alpn',
  out: 'str',
  sources: ['request buffer'],
  summary: 'application protocols in the ClientHello',
  incremental: true,
  compile: () => ({ get: ctx => alpnNames(ctx)[0], each: (ctx, visit) => alpnNames(ctx).some(visit) }),
};

/** A list behind a two-byte length within an extension. */
function listIn(type: number): ReadHello {
  return (buffer, hello) => {
    const extension = findExtension(buffer, hello.extensions, type);
    const list = extension && readSpan(buffer, extension.start, extension.end, 2);
    return list === undefined || list.end === list.start
      ? undefined
      : latin1Slice(buffer, list.start, list.end);
  };
}

/** Handshake message type of a whole record: 1 client hello, 2 server hello. */
function readHelloType({ buffer, offset, length }: ByteView): number | HelloFailure {
  if (length === 0) return 'short';
  const type = buffer.readUInt8(offset);
  if ((type < 0x14 || type > 0x17) && type !== 0xff) return 'other';
  if (length < 9) return 'short';
  if (buffer.readUInt8(offset + 1) < 3 || buffer.readUInt16BE(offset + 3) < 4) return 'other';
  if (length < 9 + buffer.readUIntBE(offset + 6, 3)) return 'short';
  return buffer.readUInt8(offset + 5);
}

/** Version of the hello, as major << 16 | minor; understands the SSLv2 form of it too (RFC 5246, appendix E.2). */
function readHelloVersion(view: ByteView): number | HelloFailure {
  const { buffer, offset, length } = view;
  if (length === 0) return 'short';
  const type = buffer.readUInt8(offset);
  if ((type < 0x14 || type > 0x17) && type !== 0xff) return readV2Version(view);
  if (length < 11) return 'short';
  const messageLength = buffer.readUInt16BE(offset + 3);
  if (buffer.readUInt8(offset + 1) < 3 || messageLength < 6 || messageLength > 16384 + 2048) return 'other';
  if (length < 5 + messageLength) return 'short';
  return (buffer.readUInt8(offset + 9) << 16) | buffer.readUInt8(offset + 10);
}

function readV2Version({ buffer, offset, length }: ByteView): number | HelloFailure {
  const isShort = (buffer.readUInt8(offset) & 0x80) !== 0;
  const headerLength = isShort ? 2 : 3;
  if (length <= headerLength) return 'short';
  const recordLength = buffer.readUInt16BE(offset) & (isShort ? 0x7fff : 0x3fff);
  const padding = isShort ? 0 : buffer.readUInt8(offset + 2);
  const at = offset + headerLength;
  if (buffer.readUInt8(at) !== 1) return 'other';
  if (length < headerLength + 9) return 'short';
  const [ciphers, session, challenge] = [3, 5, 7].map(field => buffer.readUInt16BE(at + field)) as [
    number,
    number,
    number,
  ];
  const rest = ciphers + session + challenge;
  const isHello =
    ciphers % 3 === 0 &&
    (session === 0 || session === 16) &&
    challenge >= 16 &&
    challenge <= 32 &&
    recordLength === 9 + rest;
  if (!isHello) return 'other';
  if (length < headerLength + 9 + rest + padding) return 'short';
  return (buffer.readUInt8(at + 1) << 16) | buffer.readUInt8(at + 2);
}

function bytesRow(
  name: string,
  summary: string,
  read: (view: ByteView) => number | HelloFailure,
  isResponse = false,
): FetchRow {
  return {
    name,
    out: 'int',
    sources: [isResponse ? 'response buffer' : 'request buffer'],
    summary,
    incremental: true,
    compile: () => ctx => {
      const view = payloadOf(ctx, isResponse);
      const result = view === undefined ? 'other' : read(view);
      return typeof result === 'string' ? waitIf(result, ctx) : result;
    },
  };
}

const EVERYWHERE: FetchRow['sources'] = [
  'request buffer',
  'client address',
  'client-side connection',
  'frontend',
];

export const TLS_HELLO_FETCHES: readonly FetchRow[] = [
  helloRow('req.ssl_sni', 'str', 'server name in the ClientHello', (buffer, hello) => {
    const extension = findExtension(buffer, hello.extensions, SERVER_NAME);
    return extension && readServerName(buffer, extension);
  }),
  ALPN_ROW,
  helloRow('req.ssl_ec_ext', 'bool', 'the ClientHello names elliptic curves', (buffer, hello) =>
    findExtension(buffer, hello.extensions, SUPPORTED_GROUPS) === undefined ? undefined : true,
  ),
  helloRow(
    'req.ssl_st_ext',
    'int',
    'session ticket in the ClientHello: 0 none, 1 empty, 2 filled',
    (buffer, hello) => {
      const extension = findExtension(buffer, hello.extensions, SESSION_TICKET);
      if (extension === undefined) return 0;
      return extension.end > extension.start ? 2 : 1;
    },
  ),
  helloRow(
    'req.ssl_cipherlist',
    'bin',
    'cipher suites in the ClientHello',
    (buffer, hello) => latin1Slice(buffer, hello.ciphers.start, hello.ciphers.end),
    EVERYWHERE,
  ),
  helloRow(
    'req.ssl_supported_groups',
    'bin',
    'groups in the ClientHello',
    listIn(SUPPORTED_GROUPS),
    EVERYWHERE,
  ),
  helloRow(
    'req.ssl_sigalgs',
    'bin',
    'signature algorithms in the ClientHello',
    listIn(SIGNATURE_ALGORITHMS),
    EVERYWHERE,
  ),
  helloRow(
    'req.ssl_keyshare_groups',
    'bin',
    'groups with a key share in the ClientHello',
    (buffer, hello) => {
      const extension = findExtension(buffer, hello.extensions, KEY_SHARE);
      return extension && readKeyShareGroups(buffer, extension);
    },
    EVERYWHERE,
  ),
  bytesRow('req.ssl_hello_type', 'type of the TLS handshake message from the client', readHelloType),
  bytesRow('res.ssl_hello_type', 'type of the TLS handshake message from the server', readHelloType, true),
  bytesRow('req.ssl_ver', 'TLS version of the ClientHello, major * 65536 + minor', readHelloVersion),
];
