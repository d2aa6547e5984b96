/** Statistics and process information as JSON (management manual, `show stat json`, `show info json`). */
import { valueOf } from './column.ts';
import { STAT_COLUMNS } from './columns.ts';
import { TYPE_NAMES, type Subject } from './subject.ts';
import { asText, NATURES, ORIGINS, SCOPES, type ValueType } from './value.ts';

/** One array of values for one object; the whole answer is an array of these. */
export function jsonRow(subject: Subject): string {
  const values: string[] = [];
  for (const [pos, column] of STAT_COLUMNS.entries()) {
    const value = valueOf(column, subject);
    if (value === undefined) continue;
    const { tags, type } = column.cells[subject.kind] as { tags: string; type: ValueType };
    values.push(
      `{"objType":"${TYPE_NAMES[subject.kind]}","proxyId":${subject.proxy.id},"id":${subject.sid},` +
        `"field":{"pos":${pos},"name":"${column.name}"},"processNum":1,${jsonValue(tags, type, value)}}`,
    );
  }
  return `[${values.join(',')}]`;
}

/** `"tags":{...},"value":{...}` */
export function jsonValue(tags: string, type: ValueType, value: number | string): string {
  const [origin = '', nature = '', scope = ''] = tags;
  const words = `{"origin":"${ORIGINS[origin]}","nature":"${NATURES[nature]}","scope":"${SCOPES[scope]}"}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : asText(value, type);
  return `"tags":${words},"value":{"type":"${type}","value":${text}}`;
}
