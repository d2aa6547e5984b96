/**
 * The head of an HTTP/1 response, or its trailers, as a block of HTTP/2 fields (RFC 9113 section 8.3.2): names in lower
 * case, nothing that concerns a connection. Values pass from where they lie.
 */
import { SPAN } from '../http/field-table.ts';
import { HASH, type HeaderList, LINE_END, NAME_END, VALUE_END, VALUE_START } from '../http/header-list.ts';
import {
  CONNECTION,
  KNOWN_FIELDS,
  KEEP_ALIVE,
  knownField,
  PROXY_CONNECTION,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../http/known-fields.ts';
import { type BlockWriter, FIELD_OVERHEAD } from './block-writer.ts';
import { withoutBlanks } from './field-text.ts';
import { IMPOSSIBLE, kindOf, UNKNOWN_PSEUDO } from './field-kinds.ts';
import { KeptBlocks, MOST_KEPT_BYTES } from './kept-blocks.ts';

const OF_CONNECTION =
  (1 << CONNECTION) |
  (1 << KEEP_ALIVE) |
  (1 << PROXY_CONNECTION) |
  (1 << TE) |
  (1 << TRANSFER_ENCODING) |
  (1 << UPGRADE);

/** Behind a name, and behind a value. */
const PUNCTUATION = ': \r\n'.length;

const blocks = new KeptBlocks();

/** Writes all of it but what `without` names. Gives the bytes its lines have in HTTP/1. */
export function writeHead(block: BlockWriter, status: number, headers: HeaderList, without = ''): number {
  const place = without === '' ? blocks.find(status, headers) : -1;
  if (place >= 0) return writeKept(block, place);
  const size = sizeOf(headers);
  block.begin(size + headers.count * FIELD_OVERHEAD);
  block.status(status);
  writeFields(block, headers, without);
  if (without === '') block.keep(blocks, status, headers, size);
  return size;
}

function writeKept(block: BlockWriter, place: number): number {
  block.begin(MOST_KEPT_BYTES);
  block.kept(blocks, place);
  return blocks.sizeAt(place);
}

export function writeTrailers(block: BlockWriter, headers: HeaderList): void {
  block.begin(sizeOf(headers) + headers.count * FIELD_OVERHEAD);
  writeFields(block, headers, '');
}

function sizeOf(headers: HeaderList): number {
  const { count, table, spansAt } = headers;
  let size = 0;
  for (let index = 0; index < count; index++) {
    const at = spansAt + index * SPAN;
    const end = table[at + LINE_END] as number;
    size +=
      end >= 0
        ? end - (table[at] as number)
        : headers.nameAt(index).length + headers.valueAt(index).length + PUNCTUATION;
  }
  return size;
}

function writeFields(block: BlockWriter, headers: HeaderList, without: string): void {
  const { count, source, sourceStart, table, spansAt } = headers;
  const hasConnection = (headers.seen & OF_CONNECTION) !== 0;
  for (let index = 0; index < count; index++) {
    if (hasConnection && isOfConnection(headers, index)) continue;
    if (without !== '' && headers.lowerNameAt(index) === without) continue;
    const at = spansAt + index * SPAN;
    if (source === undefined || (table[at + LINE_END] as number) < 0)
      writeOwn(block, headers.lowerNameAt(index), headers.valueAt(index));
    else
      block.fieldOf(
        source,
        sourceStart + (table[at] as number),
        sourceStart + (table[at + NAME_END] as number),
        sourceStart + (table[at + VALUE_START] as number),
        sourceStart + (table[at + VALUE_END] as number),
      );
  }
}

/** A field that a rule has written, or changed: its name may be none. */
function writeOwn(block: BlockWriter, name: string, value: string): void {
  const kind = kindOf(name);
  if (kind === IMPOSSIBLE || kind >= UNKNOWN_PSEUDO) block.spoil();
  else block.field(name, withoutBlanks(value));
}

function isOfConnection(headers: HeaderList, index: number): boolean {
  const known = knownField(headers.table[headers.spansAt + index * SPAN + HASH] as number);
  return (OF_CONNECTION & (1 << known)) !== 0 && headers.lowerNameAt(index) === KNOWN_FIELDS[known];
}
