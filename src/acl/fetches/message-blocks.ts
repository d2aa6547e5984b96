/**
 * An HTTP message as HAProxy keeps it (manual, section 7.3.7, `internal.htx`): one block for the start line, one for each
 * header, one for the end of them, one for the part of the body that is here, one for each trailer and the end of those.
 * Nothing is kept so here: the blocks are made of the message when somebody asks for them.
 */
import { latin1Slice } from '../../base/latin1.ts';
import type { RequestHead, ResponseHead } from '../../http/head.ts';
import type { BodyFacts, SampleContext } from '../context.ts';
import { renderVersion, requestOf, responseOf } from './message.ts';

type BlockType =
  | 'HTX_BLK_REQ_SL'
  | 'HTX_BLK_RES_SL'
  | 'HTX_BLK_HDR'
  | 'HTX_BLK_EOH'
  | 'HTX_BLK_DATA'
  | 'HTX_BLK_TLR'
  | 'HTX_BLK_EOT';

export interface Block {
  readonly type: BlockType;
  /** Bytes, without what describes the block. */
  readonly size: number;
  /** Of a header or a trailer; empty: it is none. */
  readonly name: string;
  /** The start line, a field's value, or data. */
  readonly text: string;
}

/** Bytes in front of a message, in front of the text of its start line, and behind it for each block. */
const MESSAGE_BYTES = 40;
const START_LINE_BYTES = 20;
const BLOCK_BYTES = 8;
const HTTP_2 = 20;

export interface MessageBlocks {
  readonly blocks: readonly Block[];
  /** It has been received to its end, and has room. */
  readonly isWhole: boolean;
}

/** Undefined: there is none yet. */
export function blocksOf(ctx: SampleContext, isResponse: boolean): MessageBlocks | undefined {
  const head = isResponse ? responseOf(ctx) : requestOf(ctx);
  if (head === undefined) return undefined;
  const blocks = [startLine(head)];
  const { headers } = head;
  for (let at = 0; at < headers.count; at++)
    blocks.push(field('HTX_BLK_HDR', headers.lowerNameAt(at), headers.valueAt(at)));
  blocks.push(mark('HTX_BLK_EOH'));
  const body = isResponse ? ctx.responseBody : ctx.requestBody;
  if (body === undefined) return { blocks, isWhole: false };
  const room = messageBytes(ctx) - ctx.process.rewriteBytes - usedBytes(blocks) - BLOCK_BYTES;
  addData(blocks, body, room);
  const isWhole = body.complete && body.length <= room;
  if (isWhole) addTrailers(blocks, body.trailers, head.version);
  return { blocks, isWhole };
}

function startLine(head: RequestHead | ResponseHead): Block {
  const version = `HTTP/${renderVersion(head.version)}`;
  const text =
    'method' in head
      ? `${head.method} ${head.target} ${version}`
      : `${version} ${head.status} ${head.reason}`;
  const type = 'method' in head ? 'HTX_BLK_REQ_SL' : 'HTX_BLK_RES_SL';
  return { type, size: START_LINE_BYTES + text.length - 2, name: '', text };
}

function field(type: 'HTX_BLK_HDR' | 'HTX_BLK_TLR', name: string, text: string): Block {
  return { type, size: name.length + text.length, name, text };
}

function mark(type: 'HTX_BLK_EOH' | 'HTX_BLK_EOT'): Block {
  return { type, size: 1, name: '', text: '' };
}

/** `room`: bytes that a message of HAProxy has for it while rules look at it. */
function addData(blocks: Block[], body: BodyFacts, room: number): void {
  const size = Math.min(body.length, room);
  if (size <= 0) return;
  const text = latin1Slice(body.buffer, body.offset, body.offset + size);
  blocks.push({ type: 'HTX_BLK_DATA', size, name: '', text });
}

/** They end a chunked body, also where there is none of them; one of HTTP/2 needs no such end. */
function addTrailers(blocks: Block[], trailers: string | undefined, version: number): void {
  if (trailers === undefined || (trailers === '' && version === HTTP_2)) return;
  for (const line of trailers.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      blocks.push(field('HTX_BLK_TLR', line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()));
  }
  blocks.push(mark('HTX_BLK_EOT'));
}

/** That a buffer has for a message. */
export function messageBytes(ctx: SampleContext): number {
  return ctx.process.bufferBytes - MESSAGE_BYTES;
}

export function dataBytes(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { size }) => sum + size, 0);
}

export function usedBytes(blocks: readonly Block[]): number {
  return dataBytes(blocks) + blocks.length * BLOCK_BYTES;
}

/** For one block more, and what stands in it. */
export function freeDataBytes(ctx: SampleContext, blocks: readonly Block[]): number {
  return Math.max(0, messageBytes(ctx) - usedBytes(blocks) - BLOCK_BYTES);
}
