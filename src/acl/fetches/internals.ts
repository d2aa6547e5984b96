/** How a message would look in a buffer of HAProxy (manual, section 7.3.7): for those who look into configurations. */
import { parseWholeInt } from '../integer.ts';
import type { SampleContext } from '../context.ts';
import type { FetchRow } from '../row.ts';
import type { SampleType, Value } from '../sample.ts';
import {
  type Block,
  type MessageBlocks,
  blocksOf,
  dataBytes,
  freeDataBytes,
  messageBytes,
  usedBytes,
} from './message-blocks.ts';

const SOURCES: FetchRow['sources'] = ['HTTP request headers', 'HTTP response headers'];

/** Of an exchange alone: checks have none. */
function messageOf(ctx: SampleContext, isResponse: boolean): MessageBlocks | undefined {
  if (ctx.transaction === undefined) return undefined;
  if (!ctx.final) ctx.needMoreData = true;
  return blocksOf(ctx, isResponse);
}

function ofMessage(
  name: string,
  summary: string,
  read: (blocks: readonly Block[], ctx: SampleContext) => number,
): FetchRow {
  return {
    name: `internal.htx.${name}`,
    out: 'int',
    sources: SOURCES,
    summary,
    incremental: true,
    compile:
      (_, { isResponse }) =>
      ctx => {
        const message = messageOf(ctx, isResponse);
        return message && read(message.blocks, ctx);
      },
  };
}

type Find = (blocks: readonly Block[]) => Block | undefined;

/** `head`, `tail` or `first`, or a number from 0. */
function parsePosition(text: string): Find | undefined {
  if (text === 'head' || text === 'first') return blocks => blocks[0];
  if (text === 'tail') return blocks => blocks.at(-1);
  const position = /^[0-9]+$/.test(text) ? Number(parseWholeInt(text)) : -1;
  return position >= 0 && position < 2 ** 31 ? blocks => blocks[position] : undefined;
}

function ofBlock(
  name: string,
  out: SampleType,
  summary: string,
  read: (block: Block | undefined) => Value,
): FetchRow {
  return {
    name: `internal.htx_blk.${name}`,
    out,
    sources: SOURCES,
    summary,
    incremental: true,
    args: ['idx:str'],
    compile: (args, { isResponse }) => {
      const find = parsePosition(args[0]?.text ?? '');
      if (find === undefined)
        return { error: 'a block position is expected: a number from 0, head, tail or first' };
      return ctx => {
        const message = messageOf(ctx, isResponse);
        return message && read(find(message.blocks));
      };
    },
  };
}

const isField = (block: Block): boolean => block.type === 'HTX_BLK_HDR' || block.type === 'HTX_BLK_TLR';
const isStartLine = (block: Block): boolean => block.type.endsWith('_SL');

export const INTERNAL_FETCHES: readonly FetchRow[] = [
  ofMessage('data', 'bytes that the blocks of the message have', dataBytes),
  ofMessage(
    'free',
    'bytes of its buffer that are free',
    (blocks, ctx) => messageBytes(ctx) - usedBytes(blocks),
  ),
  ofMessage('free_data', 'bytes that one block more could have', (blocks, ctx) => freeDataBytes(ctx, blocks)),
  {
    name: 'internal.htx.has_eom',
    out: 'bool',
    sources: SOURCES,
    summary: 'the message has been received to its end',
    incremental: true,
    compile:
      (_, { isResponse }) =>
      ctx =>
        messageOf(ctx, isResponse)?.isWhole,
  },
  ofMessage('nbblks', 'blocks of the message', blocks => blocks.length),
  ofMessage('size', 'bytes that its buffer has for a message', (_, ctx) => messageBytes(ctx)),
  ofMessage('used', 'bytes that its blocks take, with what describes them', usedBytes),
  ofBlock('data', 'bin', 'a piece of body', block => (block?.type === 'HTX_BLK_DATA' ? block.text : '')),
  ofBlock('hdrname', 'str', 'name of a header or trailer', block => block?.name ?? ''),
  ofBlock('hdrval', 'str', 'value of a header or trailer', block =>
    block !== undefined && isField(block) ? block.text : '',
  ),
  ofBlock('size', 'int', 'bytes of a block', block => block?.size ?? 0),
  ofBlock('start_line', 'str', 'start line', block =>
    block !== undefined && isStartLine(block) ? block.text : '',
  ),
  ofBlock('type', 'str', 'type of a block', block => block?.type ?? 'HTX_BLK_UNUSED'),
];
