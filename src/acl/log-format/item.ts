/** `%[expression]` as an item of a log format: which type it keeps and how it is written. */
import { castSample } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import { bindAs } from '../expression.ts';
import type { Chain } from '../expression.ts';
import { typeOfSample } from '../sample.ts';
import type { Int, SampleType, Value } from '../sample.ts';
import type { Render } from './alias.ts';
import type { OutputFlags } from './flags.ts';
import { NO_FLAGS } from './flags.ts';
import { boolWriter, bytesWriter, httpWriter, intWriter, textWriter } from './output.ts';
import type { TypeCast } from './output.ts';

type Write = (value: Value | undefined) => string;

export function expressionItem(chain: Chain, flags: OutputFlags, cast: TypeCast): Render {
  if (flags.http) return bound(chain, 'str', httpWriter(flags) as Write);
  if (flags.encoding === 'none' && !flags.binary) return bound(chain, 'str', textWriter(flags) as Write);
  if (chain.type === 'any' || chain.type === 'addr') return dynamicItem(chain, flags, cast);
  return bound(
    chain,
    outputType(chain.type, flags, cast),
    writerFor(outputType(chain.type, flags, cast), flags, cast),
  );
}

function bound(chain: Chain, type: SampleType, write: Write): Render {
  const get = bindAs(chain, type);
  return ctx => write(get(ctx));
}

/** Encodings keep numbers and truth, CBOR bytes too, unless a type was asked for. */
function outputType(type: SampleType, flags: OutputFlags, cast: TypeCast): SampleType {
  if (flags.encoding === 'none') return type === 'bin' && cast !== 'str' ? 'bin' : 'str';
  if (cast === 'raw') return 'bin';
  if (cast === 'str') return 'str';
  if (cast === 'sint') return 'int';
  if (cast === 'bool') return 'bool';
  if (type === 'int' || type === 'bool') return type;
  return type === 'bin' && (flags.encoding === 'cbor' || flags.binary) ? 'bin' : 'str';
}

function writerFor(type: SampleType, flags: OutputFlags, cast: TypeCast): Write {
  if (flags.encoding !== 'none' && cast === 'raw') return bytesWriter(NO_FLAGS) as Write;
  if (type === 'bin') return bytesWriter(flags) as Write;
  const absent = textWriter(flags)(undefined);
  if (type === 'int') {
    const write = intWriter(flags, cast);
    return value => (value === undefined ? absent : write(value as Int));
  }
  if (type !== 'bool') return textWriter(flags) as Write;
  const write = boolWriter(flags);
  return value => (value === undefined ? absent : write(value as boolean));
}

/** The type shows only in the value. */
function dynamicItem(chain: Chain, flags: OutputFlags, cast: TypeCast): Render {
  const get = bindAs(chain, 'any');
  const writers = new Map<SampleType, Write>();
  const absent = textWriter(flags)(undefined);
  return (ctx: SampleContext) => {
    const sample = get(ctx);
    if (sample === undefined) return absent;
    const type = outputType(typeOfSample(sample), flags, cast);
    let write = writers.get(type);
    if (write === undefined) {
      write = writerFor(type, flags, cast);
      writers.set(type, write);
    }
    return write(castSample(sample, type));
  };
}
