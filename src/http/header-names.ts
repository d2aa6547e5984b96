/** What a proxy may ask about the names of header fields: which are tolerated, and which case they are sent in. */
import type { Headers } from './head.ts';

type NamePolicy = 'preserve' | 'delete' | 'reject';

const PLAIN = /^[A-Za-z0-9-]+$/;

/** `option http-restrict-req-hdr-names`; false: the request is to be rejected. */
export function restrictNames(headers: Headers, policy: NamePolicy = 'preserve'): boolean {
  if (policy === 'preserve') return true;
  for (let index = headers.count - 1; index >= 0; index--) {
    if (PLAIN.test(headers.nameAt(index))) continue;
    if (policy === 'reject') return false;
    headers.removeAt(index);
  }
  return true;
}

/** `h1-case-adjust`: from lower-case names to how an old client or server wants them. */
export type NameCase = ReadonlyMap<string, string>;

/** The table, when `option` asks for it. */
export function nameCaseOf(option: boolean, table: NameCase): NameCase | undefined {
  return option && table.size > 0 ? table : undefined;
}

export function adjustCase(headers: Headers, table: NameCase): void {
  for (let index = 0; index < headers.count; index++) {
    const wanted = table.get(headers.lowerNameAt(index));
    if (wanted !== undefined && wanted !== headers.nameAt(index)) headers.setNameAt(index, wanted);
  }
}
