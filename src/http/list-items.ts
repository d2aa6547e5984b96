/** Comma-separated field values (RFC 9110 section 5.6.1) as the connection and framing rules read them. */
import type { Headers } from './head.ts';

/** End of the item that starts at `from`: a comma outside quotes, or the end of the text. */
export function endOfListItem(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted && code === 0x5c) at++;
    else if (code === 0x22) quoted = !quoted;
    else if (!quoted && code === 0x2c) return at;
  }
  return text.length;
}

export function trimBlanks(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlankCode(text.charCodeAt(start))) start++;
  while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlankCode(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The items `keep` wants, joined with commas; `keep` gets them in lower case. The same text when all stay. */
export function filterListItems(text: string, keep: (lowerItem: string) => boolean): string {
  let kept = '';
  let dropped = false;
  for (let start = 0; start <= text.length;) {
    const end = endOfListItem(text, start);
    const item = trimBlanks(text, start, end);
    if (item === '' || !keep(item.toLowerCase())) dropped = true;
    else kept += kept === '' ? item : `, ${item}`;
    start = end + 1;
  }
  return dropped ? kept : text;
}

/** All items of all fields of that name, in order. */
export function listItems(headers: Headers, lowerName: string): string[] {
  const items: string[] = [];
  for (let at = headers.find(lowerName); at >= 0; at = headers.find(lowerName, at + 1)) {
    const value = headers.valueAt(at);
    for (let start = 0; start <= value.length;) {
      const end = endOfListItem(value, start);
      items.push(trimBlanks(value, start, end));
      start = end + 1;
    }
  }
  return items;
}
