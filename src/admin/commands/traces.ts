/** `trace` and `show trace` (manual of management): what is traced, and orders to trace something else. */
import { orderTrace } from '../../traces/trace-order.ts';
import { eventsOfSource, menuOfSources, statesOfSources } from '../../traces/trace-lists.ts';
import { dump, fail, WARNING, type Answer, type Call, type Command } from '../command.ts';

function trace({ args, runtime }: Call): Answer {
  const words = args.from(1);
  if (words.length === 0) return dump([menuOfSources(runtime.traces)]);
  const { kind, text } = orderTrace(runtime.traces, words);
  if (kind === 'done') return undefined;
  if (kind === 'list') return dump([text]);
  return kind === 'error' ? fail(text) : { severity: WARNING, text };
}

function showTrace({ args, runtime }: Call): Answer {
  const { traces } = runtime;
  const name = args.at(2);
  if (name === '') return dump([statesOfSources(traces)]);
  const target = traces.named(name);
  return target === undefined
    ? fail(`No such trace source '${name}'`)
    : dump([eventsOfSource(target, traces)]);
}

export const TRACE_COMMANDS: readonly Command[] = [
  {
    words: 'show trace',
    args: '[<source>]',
    summary: 'states of traces',
    level: 'user',
    run: showTrace,
  },
  {
    words: 'trace',
    args: '[<source>|all|0] [<order>]*',
    summary: 'controls traces',
    level: 'operator',
    run: trace,
  },
];
