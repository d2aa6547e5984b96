/** Dates as text and back (manual, section 7.3.1; RFC 9110, section 5.6.7). */
import { parseHttpDate } from '../../http/http-date.ts';
import { strftime } from '../../base/strftime.ts';
import type { Arguments, Mistake } from '../arguments.ts';
import type { Convert, ConverterRow } from '../row.ts';
import type { Int } from '../sample.ts';

/** Units in a second. */
type Scale = 1 | 1000 | 1000000;

/** `%N` is the fraction of a second in nanoseconds, `%3N` its first three digits. */
function withFraction(format: string, fraction: number, scale: Scale): string {
  const digits = String(Math.round((fraction * 1e9) / scale)).padStart(9, '0');
  return format.replace(/%(%|([1-9]?)N)/g, (whole, kind: string, width: string) =>
    kind === '%' ? whole : digits.slice(0, width === '' ? 9 : Number(width)),
  );
}

/** The offset has the unit of the input. */
function compileTime(args: Arguments, isLocal: boolean, scale: Scale): Convert {
  const format = args[0]?.text ?? '';
  const offset = Number(args[1]?.int ?? 0);
  if (scale === 1) return (epoch: Int) => strftime(format, Number(epoch) + offset, isLocal);
  return (moment: Int) => {
    const value = Number(moment) + offset;
    const seconds = Math.floor(value / scale);
    return strftime(withFraction(format, value - seconds * scale, scale), seconds, isLocal);
  };
}

function timeRow(name: string, isLocal: boolean, scale: Scale): ConverterRow {
  const unit = scale === 1 ? 'seconds' : scale === 1000 ? 'milliseconds' : 'microseconds';
  return {
    name,
    args: ['format:str', 'offset:int?'],
    in: 'int',
    out: 'str',
    summary: `${unit} since the epoch as ${isLocal ? 'local' : 'UTC'} time text`,
    compile: args => compileTime(args, isLocal, scale),
  };
}

/** IMF-fixdate, with the fraction behind the seconds where a finer unit is asked for. */
function compileHttpDate(args: Arguments): Convert | Mistake {
  const offset = Number(args[0]?.int ?? 0);
  const unit = args[1]?.text ?? 's';
  if (unit === 's')
    return (value: Int) => strftime('%a, %d %b %Y %H:%M:%S GMT', Number(value) + offset, false);
  if (unit !== 'ms' && unit !== 'us') return { error: `expects 's', 'ms' or 'us', got '${unit}'` };
  const scale = unit === 'ms' ? 1000 : 1000000;
  return (value: Int) => {
    const moment = Number(value) + offset;
    const seconds = Math.trunc(moment / scale);
    return `${strftime('%a, %d %b %Y %H:%M:%S', seconds, false)}.${moment - seconds * scale} GMT`;
  };
}

export const DATE_CONVERTERS: readonly ConverterRow[] = [
  timeRow('ltime', true, 1),
  timeRow('ms_ltime', true, 1000),
  timeRow('us_ltime', true, 1000000),
  timeRow('utime', false, 1),
  timeRow('ms_utime', false, 1000),
  timeRow('us_utime', false, 1000000),
  {
    name: 'http_date',
    args: ['offset:int?', 'unit:str?'],
    in: 'int',
    out: 'str',
    summary: 'seconds since the epoch as an HTTP date',
    compile: compileHttpDate,
  },
  {
    name: 'date',
    in: 'str',
    out: 'int',
    summary: 'HTTP date as seconds since the epoch',
    compile: () => (text: string) => parseHttpDate(text),
  },
];
