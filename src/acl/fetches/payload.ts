/** Raw bytes of a TCP stream under inspection (manual, section 7.3.5). */
import { latin1Slice } from '../../base/latin1.ts';
import type { Arguments } from '../arguments.ts';
import type { ByteView, SampleContext } from '../context.ts';
import { parseWholeInt } from '../integer.ts';
import type { CompileScope, FetchRow, Getter } from '../row.ts';
import { blocksOf, dataBytes } from './message-blocks.ts';

/** The bytes a word reads; words without prefix follow the ruleset's direction. */
export function payloadOf(ctx: SampleContext, isResponse: boolean): ByteView | undefined {
  return isResponse ? ctx.responsePayload : ctx.requestPayload;
}

export function isResponseRow(name: string, isResponsePhase: boolean): boolean {
  if (name.startsWith('res.')) return true;
  return name.startsWith('req.') ? false : isResponsePhase;
}

function compilePayload(name: string): NonNullable<FetchRow['compile']> {
  return (args: Arguments, scope: CompileScope) => {
    const isResponse = isResponseRow(name, scope.isResponse);
    const offset = Number(args[0]?.int ?? 0);
    const length = Number(args[1]?.int ?? 0);
    return ctx => slice(ctx, payloadOf(ctx, isResponse), offset, length);
  };
}

/** Length 0: all there is, which may still grow. */
function slice(
  ctx: SampleContext,
  view: ByteView | undefined,
  offset: number,
  length: number,
): string | undefined {
  if (view === undefined || offset < 0 || length < 0) return undefined;
  if (offset + length > view.length) {
    if (!ctx.final) ctx.needMoreData = true;
    return undefined;
  }
  if (length === 0 && !ctx.final) ctx.needMoreData = true;
  const start = view.offset + offset;
  return latin1Slice(view.buffer, start, length === 0 ? view.offset + view.length : start + length);
}

/** `<offset1>,<length>[,<offset2>]`: the block's length stands at offset1, the block at offset2 (`+`: relative). */
function compileLengthValue(name: string): NonNullable<FetchRow['compile']> {
  return (args: Arguments, scope: CompileScope) => {
    const lengthAt = Number(args[0]?.int ?? 0);
    const lengthSize = Number(args[1]?.int ?? 0);
    if (lengthAt < 0) return { error: 'payload offset1 must be positive' };
    if (lengthSize <= 0) return { error: 'payload length must be > 0' };
    const text = args[2]?.text ?? '';
    const offset2 = text === '' ? 0 : parseWholeInt(text);
    if (offset2 === undefined) return { error: 'payload offset2 is not a number' };
    const isRelative = text === '' || /^[+-]/.test(text);
    const dataAt = (isRelative ? lengthAt + lengthSize : 0) + Number(offset2);
    if (dataAt < 0) return { error: 'payload offset2 too negative' };
    return lengthValueGetter(isResponseRow(name, scope.isResponse), lengthAt, lengthSize, dataAt);
  };
}

function lengthValueGetter(
  isResponse: boolean,
  lengthAt: number,
  lengthSize: number,
  dataAt: number,
): Getter {
  return ctx => {
    const view = payloadOf(ctx, isResponse);
    if (view === undefined) return undefined;
    let length = lengthAt + lengthSize > view.length ? -1 : 0;
    for (let index = 0; length >= 0 && index < lengthSize; index++)
      length = length * 256 + view.buffer.readUInt8(view.offset + lengthAt + index);
    if (length === 0) return undefined;
    if (length < 0 || dataAt + length > view.length) {
      if (!ctx.final) ctx.needMoreData = true;
      return undefined;
    }
    const start = view.offset + dataAt;
    return latin1Slice(view.buffer, start, start + length);
  };
}

/** Of an HTTP message: of the blocks that HAProxy would keep it in. */
function messageLength(ctx: SampleContext, isResponse: boolean): number | undefined {
  if ((isResponse ? ctx.response : ctx.request) === undefined) return undefined;
  const message = blocksOf(ctx, isResponse);
  return message && dataBytes(message.blocks);
}

function lengthGetter(isResponse: boolean): Getter {
  return ctx => {
    const view = payloadOf(ctx, isResponse);
    if (!ctx.final) ctx.needMoreData = true;
    return view?.length ?? messageLength(ctx, isResponse);
  };
}

function row(
  name: string,
  out: 'bin' | 'int',
  summary: string,
  sources: FetchRow['sources'],
  args: FetchRow['args'],
  compile: NonNullable<FetchRow['compile']>,
): FetchRow {
  return { name, out, summary, sources, incremental: true, ...(args === undefined ? {} : { args }), compile };
}

const SLICE_ARGS = ['offset:int', 'length:int'] as const;
const BLOCK_ARGS = ['offset1:int', 'length:int', 'offset2:str?'] as const;

export const PAYLOAD_FETCHES: readonly FetchRow[] = [
  row('req.len', 'int', 'bytes in the request buffer', ['request buffer'], undefined, () =>
    lengthGetter(false),
  ),
  row('res.len', 'int', 'bytes in the response buffer', ['response buffer'], undefined, () =>
    lengthGetter(true),
  ),
  ...(['req.payload', 'res.payload', 'payload'] as const).map(name =>
    row(
      name,
      'bin',
      'bytes of the buffer; length 0: all of them',
      bufferSources(name),
      SLICE_ARGS,
      compilePayload(name),
    ),
  ),
  ...(['req.payload_lv', 'res.payload_lv', 'payload_lv'] as const).map(name =>
    row(
      name,
      'bin',
      'block of the buffer behind its own length',
      bufferSources(name),
      BLOCK_ARGS,
      compileLengthValue(name),
    ),
  ),
  {
    name: 'wait_end',
    out: 'bool',
    sources: ['internal state'],
    summary: 'true once the inspection delay has passed',
    incremental: true,
    compile: () => ctx => {
      if (ctx.final) return true;
      ctx.needMoreData = true;
      return undefined;
    },
  },
];

function bufferSources(name: string): FetchRow['sources'] {
  if (name.startsWith('req.')) return ['request buffer'];
  return name.startsWith('res.') ? ['response buffer'] : ['request buffer', 'response buffer'];
}
