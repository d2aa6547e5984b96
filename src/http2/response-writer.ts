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

const OF_CONNECTION =
  (1 << CONNECTION) |
  (1 << KEEP_ALIVE) |
  (1 << PROXY_CONNECTION) |
  (1 << TE) |
  (1 << TRANSFER_ENCODING) |
  (1 << UPGRADE);

/** Writes all of it but what `without` names. */
export function writeHead(block: BlockWriter, status: number, headers: HeaderList, without = ''): void {
  block.begin(headers.length + headers.count * FIELD_OVERHEAD);
  block.status(status);
  writeFields(block, headers, without);
}

export function writeTrailers(block: BlockWriter, headers: HeaderList): void {
  block.begin(headers.length + headers.count * FIELD_OVERHEAD);
  writeFields(block, headers, '');
}

function writeFields(block: BlockWriter, headers: HeaderList, without: string): void {
  const { count, source, sourceStart, table, spansAt } = headers;
  const hasConnection = (headers.seen & OF_CONNECTION) !== 0;
  for (let index = 0; index < count; index++) {
    if (hasConnection && isOfConnection(headers, index)) continue;
    if (without !== '' && headers.lowerNameAt(index) === without) continue;
    const at = spansAt + index * SPAN;
    if (source === undefined || (table[at + LINE_END] as number) < 0)
      block.field(headers.lowerNameAt(index), headers.valueAt(index));
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

function isOfConnection(headers: HeaderList, index: number): boolean {
  const known = knownField(headers.table[headers.spansAt + index * SPAN + HASH] as number);
  return (OF_CONNECTION & (1 << known)) !== 0 && headers.lowerNameAt(index) === KNOWN_FIELDS[known];
}
