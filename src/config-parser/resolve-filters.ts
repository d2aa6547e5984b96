/** What the filters of a proxy need of each other (manual, section 9): lines of their own, and names that are declared. */
import type { Proxy } from '../model/proxy.ts';
import type { ParserContext } from './parser-context.ts';

const COMPRESSION: ReadonlySet<string> = new Set(['compression', 'comp-req', 'comp-res']);
/** Beside these, compression needs no line. */
const IMPLIED: ReadonlySet<string> = new Set(['cache', 'fcgi-app']);

export function checkFilters(proxy: Proxy, context: ParserContext): void {
  const names = proxy.filters.map(([kind]) => kind?.text ?? '');
  const title = `${proxy.kind === 'listen' ? 'proxy' : proxy.kind} '${proxy.name}'`;
  checkSequences(proxy, names, title, context);
  if (proxy.compression === undefined || names.some(name => COMPRESSION.has(name))) return;
  if (names.some(name => !IMPLIED.has(name)))
    context.alert(
      proxy.filters[0]?.[0]?.position ?? proxy.position,
      `${title}: require an explicit filter declaration to use HTTP compression`,
    );
}

function checkSequences(
  { filterSequence }: Proxy,
  names: readonly string[],
  title: string,
  context: ParserContext,
): void {
  const sequences = [filterSequence?.request ?? [], filterSequence?.response ?? []];
  for (const word of sequences.flat())
    if (!names.includes(word.text))
      context.alert(
        word.position,
        `${title}: 'filter-sequence' names '${word.text}', which is not declared.`,
      );
  refuseCompressedCache(filterSequence?.response ?? [], title, context);
}

/** A response is stored before it is compressed. */
function refuseCompressedCache(
  sequence: readonly { readonly text: string; readonly position: Proxy['position'] }[],
  title: string,
  context: ParserContext,
): void {
  const cache = sequence.findIndex(({ text }) => text === 'cache');
  const coder = sequence.findIndex(({ text }) => COMPRESSION.has(text));
  if (cache < 0 || coder < 0 || coder > cache) return;
  const { position } = sequence[coder] as (typeof sequence)[number];
  context.alert(position, `${title}: unable to enable the compression filter before the cache.`);
}
