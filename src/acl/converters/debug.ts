/** `debug([<prefix>][,<sink>])`: tells an event sink of the sample on its way through (manual, section 7.3.1). */
import { castSample } from '../cast.ts';
import type { Arguments, Mistake } from '../arguments.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import { typeOfSample, type Sample, type SampleType } from '../sample.ts';
import { keep } from './state.ts';

/** Kept in memory for the admin socket's `show events`; there is always one. */
const DEFAULT_SINK = 'buf0';

/** Types as event readers know them. */
const TYPE_NAMES: Readonly<Partial<Record<SampleType, string>>> = { int: 'sint' };

function describe(sample: Sample): string {
  const type = typeOfSample(sample);
  const text = castSample(sample, 'str') as string | undefined;
  const shown = text === undefined ? '(undisplayable)' : `<${text.replace(/[^\x20-\x7e]/g, '.')}>`;
  return `type=${TYPE_NAMES[type] ?? type} ${shown}`;
}

function compileDebug(args: Arguments, scope: CompileScope): Convert | Mistake {
  const prefix = args[0]?.text ?? '';
  const sink = args[1]?.text || DEFAULT_SINK;
  if (!scope.env.directory.sink(sink)) return { error: `there is no event sink '${sink}'` };
  return (value: Sample, ctx) => {
    ctx.process.writeEvent(sink, `[debug] ${prefix}: ${describe(value)}`);
    return value;
  };
}

export const DEBUG_CONVERTER: ConverterRow = {
  name: 'debug',
  args: ['prefix:str?', 'destination:str?'],
  in: 'any',
  out: 'same',
  summary: 'unchanged; an event sink (`buf0`, a ring, `stdout`, `stderr`) is told of it',
  impure: true,
  compile: (args, scope, type) => {
    const convert = compileDebug(args, scope);
    return 'error' in convert ? convert : keep(convert, type);
  },
};
