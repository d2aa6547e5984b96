/** Items of a header's list, rewritten one by one (`replace-value`, and HTTP:req_rep_value of scripts). */
import { itemEnd } from '../acl/fetches/header-text.ts';

/**
 * `rewrite` answers an item as it is, or another one, which loses the blanks around it, as in HAProxy; or undefined: then
 * the whole has no value. Commas within quotes separate nothing. What stands between the items stays.
 */
export function rewriteItems(
  value: string,
  rewrite: (item: string) => string | undefined,
): string | undefined {
  let result = '';
  for (let start = 0; ;) {
    const end = itemEnd(value, start);
    const [before, item, after] = splitBlanks(value.slice(start, end));
    const replaced = rewrite(item);
    if (replaced === undefined) return undefined;
    result += replaced === item ? before + item + after : replaced;
    if (end >= value.length) return result;
    result += value[end] as string;
    start = end + 1;
  }
}

function splitBlanks(text: string): [before: string, item: string, after: string] {
  const item = text.trim();
  const start = text.indexOf(item);
  return [text.slice(0, start), item, text.slice(start + item.length)];
}
