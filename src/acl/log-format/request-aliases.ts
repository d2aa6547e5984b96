/** Aliases that read the request line as first received, and captured headers. */
import { renderVersion } from '../fetches/message.ts';
import type { SampleContext } from '../context.ts';
import type { Alias, AliasOptions, Append } from './alias.ts';
import type { OutputFlags } from './flags.ts';
import { HEADER_ESCAPES, listWriter, partsWriter, URL_ESCAPES, type Part } from './output.ts';

/** A part of the request line as first received. */
export function requestAlias(
  name: string,
  summary: string,
  read: (line: RequestParts) => string | undefined,
): Alias {
  return {
    name,
    restriction: 'http only',
    summary,
    compile: (flags, { uriLength }) => {
      const write = partsWriter(flags, URL_ESCAPES);
      return ctx => write([{ value: read(requestParts(ctx, uriLength)) ?? BAD_REQUEST }]);
    },
  };
}

const BAD_REQUEST = '<BADREQ>';

interface RequestParts {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly isBad: boolean;
}

const NO_REQUEST: RequestParts = { method: '', target: '', version: '', isBad: true };

function requestParts(ctx: SampleContext, uriLength: number): RequestParts {
  const line = ctx.requestLine;
  if (line === undefined || ctx.transaction?.badRequest === true) return NO_REQUEST;
  const version = `HTTP/${renderVersion(line.writtenVersion ?? line.version)}`;
  const room = uriLength - 1 - line.method.length - 1;
  const target = line.target.length > room ? line.target.slice(0, room) : line.target;
  const isCut = room - target.length < version.length + 1;
  return { method: line.method, target, version: isCut ? '' : version, isBad: false };
}

export const unlessBad =
  (read: (parts: RequestParts) => string | undefined) =>
  (parts: RequestParts): string | undefined =>
    parts.isBad ? undefined : read(parts);

/** `%r`: the same by bytes, the target from where it lies. */
function appendRequestLine(flags: OutputFlags, { uriLength }: AliasOptions): Append | undefined {
  if (flags.encoding !== 'none' || flags.escape) return undefined;
  const append: Append = ({ requestLine, transaction }, line) => {
    if (requestLine === undefined || transaction?.badRequest === true) {
      line.addBytes(BAD_REQUEST_BYTES);
      return;
    }
    const { method, text, targetStart = 0, targetEnd = 0 } = requestLine;
    const version = requestLine.writtenVersion ?? requestLine.version;
    line.addUrl(method, 0, method.length);
    line.addByte(SPACE);
    const target = text ?? requestLine.target;
    const start = text === undefined ? 0 : targetStart;
    const end = text === undefined ? target.length : targetEnd;
    const room = start + uriLength - 1 - method.length - 1;
    line.addUrl(target, start, Math.min(end, room));
    const last = version === 11 ? HTTP_1_1 : Buffer.from(` HTTP/${renderVersion(version)}`, 'latin1');
    if (room - end >= last.length) line.addBytes(last);
  };
  if (!flags.quote) return append;
  return (ctx, line) => {
    line.addByte(QUOTE);
    append(ctx, line);
    line.addByte(QUOTE);
  };
}

const BAD_REQUEST_BYTES = Buffer.from(BAD_REQUEST);
const HTTP_1_1 = Buffer.from(' HTTP/1.1');
const QUOTE = 34;
const SPACE = 32;

export const REQUEST_LINE: Alias = {
  ...requestAlias(
    'r',
    'request line',
    unlessBad(({ method, target, version }) => `${method} ${target}${version === '' ? '' : ` ${version}`}`),
  ),
  append: appendRequestLine,
};

/** `{a|b}`: captured headers by slot. */
export function capturesAlias(
  name: string,
  summary: string,
  side: 'requestCaptures' | 'responseCaptures',
): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without captures',
    compile: flags => {
      const write = partsWriter(flags, HEADER_ESCAPES);
      return ctx => {
        // each has its name: one by a variable is looked up anew each time
        const captures = side === 'requestCaptures' ? ctx.requestCaptures : ctx.responseCaptures;
        if (captures.length === 0) return '';
        const parts: Part[] = ['{'];
        for (const [index, value] of captures.entries()) {
          if (index > 0) parts.push('|');
          if (value !== undefined) parts.push({ value });
        }
        parts.push('}');
        return write(parts);
      };
    },
  };
}

export function captureListAlias(
  name: string,
  summary: string,
  side: 'requestCaptures' | 'responseCaptures',
): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without captures',
    compile: flags => {
      const write = listWriter(flags);
      return ctx => (ctx[side].length === 0 ? '' : write(Array.from(ctx[side])));
    },
  };
}
