/** Statistics one value a line with its type and meaning (management manual, 9.2). */
import { valueOf } from './column.ts';
import { STAT_COLUMNS } from './columns.ts';
import { TYPE_LETTERS, type Subject } from './subject.ts';
import { asText, type ValueType } from './value.ts';

/** `F.2.0.4.scur.1:MGPV:u32:0`, with `:"description"` behind it when wanted. */
export function typedLines(subject: Subject, withDescription: boolean): string {
  let text = '';
  for (const [index, column] of STAT_COLUMNS.entries()) {
    const value = valueOf(column, subject);
    if (value === undefined) continue;
    const { tags, type } = column.cells[subject.kind] as { tags: string; type: ValueType };
    text +=
      `${TYPE_LETTERS[subject.kind]}.${subject.proxy.id}.${subject.sid}.${index}.${column.name}.1:` +
      `${tags}${column.persistent ? 'P' : 'V'}:${type}:${asText(value, type)}` +
      `${withDescription ? `:"${column.description}"` : ''}\n`;
  }
  return text;
}
