/** Known words whose feature this version lacks: they are refused at load with what they wait for. */
import type { ArgumentSpec } from '../arguments.ts';
import type { FetchRow } from '../row.ts';
import type { SampleType } from '../sample.ts';

type Entry = readonly [name: string, out: SampleType, summary: string, args?: readonly ArgumentSpec[]];

function group(missing: string, sources: FetchRow['sources'], entries: readonly Entry[]): FetchRow[] {
  return entries.map(([name, out, summary, args]) => ({
    name,
    out,
    sources,
    summary,
    missing,
    ...(args === undefined ? {} : { args }),
  }));
}

export const UNAVAILABLE_FETCHES: readonly FetchRow[] = [
  ...group(
    'HAProxy internals that do not exist here',
    ['request buffer', 'response buffer'],
    [
      ['internal.htx.data', 'int', 'bytes of message data'],
      ['internal.htx.free', 'int', 'free bytes of the message buffer'],
      ['internal.htx.free_data', 'int', 'free data bytes of the message buffer'],
      ['internal.htx.has_eom', 'bool', 'the message is complete'],
      ['internal.htx.nbblks', 'int', 'blocks of the message buffer'],
      ['internal.htx.size', 'int', 'size of the message buffer'],
      ['internal.htx.used', 'int', 'used bytes of the message buffer'],
      ['internal.htx_blk.data', 'bin', 'data of a block', ['idx:str']],
      ['internal.htx_blk.hdrname', 'str', 'header name of a block', ['idx:str']],
      ['internal.htx_blk.hdrval', 'str', 'header value of a block', ['idx:str']],
      ['internal.htx_blk.size', 'int', 'size of a block', ['idx:str']],
      ['internal.htx_blk.start_line', 'str', 'start line of a block', ['idx:str']],
      ['internal.htx_blk.type', 'str', 'type of a block', ['idx:str']],
    ],
  ),
];
