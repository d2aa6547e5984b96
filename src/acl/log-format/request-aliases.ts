/** Aliases that read the request line as first received, and captured headers. */
import { renderVersion } from '../fetches/message.ts';
import type { SampleContext } from '../context.ts';
import type { Alias } from './alias.ts';
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
  const version = `HTTP/${renderVersion(line.version)}`;
  const room = uriLength - 1 - line.method.length - 1;
  const target = line.target.length > room ? line.target.slice(0, room) : line.target;
  const isCut = room - target.length < version.length + 1;
  return { method: line.method, target, version: isCut ? '' : version, isBad: false };
}

export const unlessBad =
  (read: (parts: RequestParts) => string | undefined) =>
  (parts: RequestParts): string | undefined =>
    parts.isBad ? undefined : read(parts);

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
