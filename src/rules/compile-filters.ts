/** `filter lua.<name> [<argument> ...]` and `filter trace`: the filters of a proxy that see what passes, in the order of their lines. */
import { readTraceFilter } from '../config-parser/haproxy/trace-filter.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import type { RuleEnvironment } from './environment.ts';
import { filtersInOrder } from './filter-order.ts';
import { phasesOfRuleset } from './phases.ts';
import type { PlacedFilter, ScriptFilter } from './script-filter.ts';
import type { FilterPlace } from './script-program.ts';
import { TraceFilter } from './trace-filter.ts';

const PREFIX = 'lua.';
const TRACE = 'trace';

/** Mistakes are reported to `env.report`. */
export function compileFilters(proxy: Proxy, env: RuleEnvironment): readonly PlacedFilter[] {
  const isHttp = proxy.mode === 'http';
  const place: FilterPlace = {
    env,
    phases: {
      request: phasesOfRuleset(isHttp ? 'http-request' : 'tcp-request content', proxy.kind),
      response: phasesOfRuleset(isHttp ? 'http-response' : 'tcp-response content', proxy.kind),
    },
  };
  const own = proxy.filters.filter(
    ([name]) => name?.text === TRACE || name?.text.startsWith(PREFIX) === true,
  );
  const [request, response] = [filtersInOrder(proxy, 'request'), filtersInOrder(proxy, 'response')];
  return own.flatMap(words => {
    const filter = words[0]?.text === TRACE ? traceFilter(words, proxy) : compileFilter(words, place);
    // a stream of HTTP passes by those that do not know it
    if (filter === undefined || (isHttp && !filter.filtersHttp)) return [];
    return [{ filter, request: request.indexOf(words), response: response.indexOf(words) }];
  });
}

/** A line with a mistake was refused when it was read. */
function traceFilter(words: readonly Word[], proxy: Proxy): ScriptFilter | undefined {
  const settings = readTraceFilter(words);
  return 'error' in settings ? undefined : new TraceFilter(settings, proxy);
}

function compileFilter(words: readonly Word[], place: FilterPlace): ScriptFilter | undefined {
  const [first, ...args] = words as readonly [Word, ...Word[]];
  const name = first.text.slice(PREFIX.length);
  const { scripts } = place.env as RuleEnvironment;
  const texts = args.map(({ text }) => text);
  const made = scripts === undefined ? 'no script is loaded' : scripts.filter(name, texts, place);
  if (typeof made !== 'string') return made;
  const message = `'filter' : '${first.text}' : ${made}.`;
  place.env.report({ severity: 'alert', position: first.position, message });
  return undefined;
}
