/**
 * The head of an HTTP/1 request as HTTP/2 has it (RFC 9113 section 8.3.1, RFC 8441), written as HAProxy writes it: the
 * authority is told where the request named one, beside the path; a Host stays a field otherwise, and the scheme of
 * those that name none is https. Called by server-wire.ts.
 */
import type { BlockWriter } from '../../http2/block-writer.ts';
import { FIELD_OVERHEAD } from '../../http2/block-writer.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import { HASH, LINE_END, NAME_END, VALUE_END, VALUE_START } from '../../http/header-list.ts';
import { SPAN } from '../../http/field-table.ts';
import * as FIELDS from '../../http/known-fields.ts';
import { Http1RequestHead } from '../../http/request-head.ts';
import { withoutBlanks } from '../../http2/field-text.ts';
import { parseRequestHead } from '../../http/request-parser.ts';

/** Where a request that came by HTTP/2 is meant to go, beside its path. */
export interface RequestAim {
  readonly scheme: string;
  readonly authority: string;
}

/** Undefined: by HTTP/1, or without an authority. */
export function aimOf(request: Http1RequestHead): RequestAim | undefined {
  if (!request.line.isAbsolute) return undefined;
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(request.target) ?? [];
  return scheme === undefined || authority === undefined ? undefined : { scheme, authority };
}

/** What is read here has been rendered here. */
const OWN_HEADS: HeadLimits = {
  maxHeadBytes: Infinity,
  maxHeaders: 0x7fff,
  relaxed: true,
  payloadWithAnyMethod: true,
};

/** Of one connection that is not the next one (RFC 9113 section 8.2.2). */
const OF_CONNECTION =
  (1 << FIELDS.CONNECTION) |
  (1 << FIELDS.PROXY_CONNECTION) |
  (1 << FIELDS.KEEP_ALIVE) |
  (1 << FIELDS.UPGRADE) |
  (1 << FIELDS.TRANSFER_ENCODING);

/** One at a time is read, and used up at once. */
const head = new Http1RequestHead();

/** Reads the head at the begin of `bytes[from..end]`. Undefined: it is none that HTTP/2 could tell, or not whole. */
export function readOwnRequest(bytes: Buffer, from: number, end: number): Http1RequestHead | undefined {
  return parseRequestHead(bytes, from, end, head, OWN_HEADS) > 0 ? head : undefined;
}

/** Writes it: what is to come before is the caller's to end(). */
export function writeRequestBlock(
  block: BlockWriter,
  request: Http1RequestHead,
  aim: RequestAim | undefined,
): void {
  const { headers, method, wantsUpgrade } = request;
  const spare = method.length + request.target.length + (aim?.authority.length ?? 0);
  block.begin(2 * headers.length + spare + headers.count * FIELD_OVERHEAD);
  if (method === 'CONNECT') {
    block.field(':method', method);
    block.field(':authority', request.target);
    return writeFields(block, request, true);
  }
  const { scheme, authority, path } = partsOf(request, aim);
  block.field(':method', wantsUpgrade ? 'CONNECT' : method);
  block.field(':scheme', scheme);
  if (authority !== '') block.field(':authority', authority);
  block.field(':path', path);
  if (wantsUpgrade) block.field(':protocol', headers.get('upgrade') ?? '');
  writeFields(block, request, authority !== '');
}

interface Parts {
  readonly scheme: string;
  /** Empty: there is none but the Host. */
  readonly authority: string;
  readonly path: string;
}

function partsOf(
  { target, headers, method, wantsUpgrade }: Http1RequestHead,
  aim: RequestAim | undefined,
): Parts {
  const absolute = target.startsWith('/') ? null : /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(target);
  if (absolute !== null) {
    const [, scheme = '', authority = '', rest = ''] = absolute;
    const path = rest === '' && method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`;
    return { scheme: scheme.toLowerCase(), authority, path };
  }
  const host = wantsUpgrade ? (headers.get('host') ?? '') : '';
  return { scheme: aim?.scheme ?? 'https', authority: aim?.authority ?? host, path: target };
}

function writeFields(block: BlockWriter, { headers }: Http1RequestHead, hasAuthority: boolean): void {
  const { table, spansAt, sourceStart, count } = headers;
  const source = headers.source as Buffer;
  const dropped = OF_CONNECTION | (hasAuthority ? 1 << FIELDS.HOST : 0);
  for (let index = 0, span = spansAt; index < count; index++, span += SPAN) {
    const name = sourceStart + (table[span] as number);
    const nameEnd = sourceStart + (table[span + NAME_END] as number);
    const known = FIELDS.knownFieldIn(source, name, nameEnd, table[span + HASH] as number);
    if (known !== 0 && (dropped & (1 << known)) !== 0) continue;
    if (known === FIELDS.TE && headers.valueAt(index) !== 'trailers') continue;
    // what was mended does not stand there as it should
    if ((table[span + LINE_END] as number) < 0)
      block.field(headers.lowerNameAt(index), withoutBlanks(headers.valueAt(index)));
    else {
      const value = sourceStart + (table[span + VALUE_START] as number);
      const valueEnd = sourceStart + (table[span + VALUE_END] as number);
      block.fieldOf(source, name, nameEnd, value, valueEnd);
    }
  }
}
