/** `show info` in its forms (management manual, `show info`). */
import { INFO_FIELDS, type InfoField } from './info.ts';
import { csvText } from './render-csv.ts';
import { jsonValue } from './render-json.ts';
import { asText, type ValueType } from './value.ts';
import type { StatsView } from './view.ts';

interface InfoOptions {
  readonly format?: 'plain' | 'typed' | 'json';
  /** Each field's description behind it. */
  readonly desc?: boolean;
  /** Rates and times with their fractions. */
  readonly float?: boolean;
}

interface InfoValue {
  readonly field: InfoField;
  readonly pos: number;
  readonly type: ValueType;
  readonly value: number | string;
}

export function renderInfo(view: StatsView, { format = 'plain', desc, float }: InfoOptions = {}): string {
  const values = readInfo(view, float === true);
  if (format === 'json') return `[${values.map(infoJson).join(',')}]\n`;
  const line = format === 'typed' ? typedLine : plainLine;
  return values.map(one => `${line(one)}${desc === true ? `:"${one.field.description}"` : ''}\n`).join('');
}

/** Fields that have a value now. */
function readInfo(view: StatsView, float: boolean): InfoValue[] {
  return INFO_FIELDS.flatMap((field, pos) => {
    const value = field.read(view, float);
    if (value === undefined) return [];
    return [{ field, pos, type: float && field.fractional ? 'flt' : field.type, value }];
  });
}

function plainLine({ field, type, value }: InfoValue): string {
  return `${field.name}: ${typeof value === 'string' ? csvText(value) : asText(value, type)}`;
}

function typedLine({ field, pos, type, value }: InfoValue): string {
  return `${pos}.${field.name}.1:${field.tags}V:${type}:${asText(value, type)}`;
}

function infoJson({ field, pos, type, value }: InfoValue): string {
  return `{"field":{"pos":${pos},"name":"${field.name}"},"processNum":1,${jsonValue(field.tags, type, value)}}`;
}
