/** Tokens of a distcc conversation (manual, section 7.3.5): four letters, eight hexadecimal digits, maybe a body. */
import { latin1Slice } from '../../base/latin1.ts';
import type { Arguments, Mistake } from '../arguments.ts';
import type { ByteView, SampleContext } from '../context.ts';
import type { CompileScope, FetchRow, Getter } from '../row.ts';
import { payloadOf } from './payload.ts';

const TOKEN_SIZE = 12;
/** Their parameter is no length. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['ARGC', 'DIST', 'NFIL', 'STAT', 'DONE']);

interface Token {
  readonly parameter: number;
  readonly bodyAt: number;
  readonly bodyLength: number;
}

type Found = Token | 'cut' | undefined;

/** The token of that name and occurrence (0: the first); `cut`: what would tell has not come yet. */
function findToken({ buffer, offset, length }: ByteView, name: string, occurrence: number): Found {
  let at = 0;
  for (let seen = 0; at + TOKEN_SIZE <= length;) {
    const word = latin1Slice(buffer, offset + at, offset + at + 4);
    const digits = latin1Slice(buffer, offset + at + 4, offset + at + TOKEN_SIZE);
    if (!/^[0-9A-Fa-f]{8}$/.test(digits)) return undefined;
    const parameter = Number.parseInt(digits, 16);
    const bodyLength = WITHOUT_BODY.has(word) ? 0 : parameter;
    at += TOKEN_SIZE;
    if (word === name && (++seen === occurrence || occurrence === 0))
      return { parameter, bodyAt: at, bodyLength };
    if (bodyLength > length - at) return undefined;
    at += bodyLength;
  }
  return 'cut';
}

/** What has come of it. */
function bodyOf({ buffer, offset, length }: ByteView, { bodyAt, bodyLength }: Token): string {
  const end = Math.min(length, bodyAt + bodyLength);
  return latin1Slice(buffer, offset + bodyAt, offset + end);
}

function compileToken(read: (view: ByteView, token: Token, ctx: SampleContext) => string | number) {
  return (args: Arguments, { isResponse }: CompileScope): Getter | Mistake => {
    const name = args[0]?.text ?? '';
    if (name.length !== 4) return { error: 'token name must be exactly 4 characters' };
    const occurrence = Number(args[1]?.int ?? 0);
    return ctx => {
      const view = payloadOf(ctx, isResponse);
      const token = view && findToken(view, name, occurrence);
      if (view === undefined || token === undefined) return undefined;
      if (token !== 'cut') return read(view, token, ctx);
      if (!ctx.final) ctx.needMoreData = true;
      return undefined;
    };
  };
}

const ARGS = ['token:str', 'occ:int?'] as const;

export const DISTCC_FETCHES: readonly FetchRow[] = [
  {
    name: 'distcc_param',
    args: ARGS,
    out: 'int',
    sources: ['request buffer', 'response buffer'],
    summary: 'parameter of a token of the distcc protocol',
    incremental: true,
    compile: compileToken((_view, token) => token.parameter),
  },
  {
    name: 'distcc_body',
    args: ARGS,
    out: 'bin',
    sources: ['request buffer', 'response buffer'],
    summary: 'body of a token of the distcc protocol',
    incremental: true,
    compile: compileToken((view, token, ctx) => {
      if (token.bodyAt + token.bodyLength > view.length && !ctx.final) ctx.needMoreData = true;
      return bodyOf(view, token);
    }),
  },
];
