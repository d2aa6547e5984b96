/** Log-format strings, text -> items in order. Aliases and expressions get their meaning in acl/. */
import { parse } from './grammar/generated/logformat.js';

export type LogFormatItem =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'alias';
      readonly alias: string;
      /** `%(name:type)` */
      readonly name: ItemName | null;
      /** Between braces: `+Q,+E`. */
      readonly flags: string | null;
      readonly offset: number;
    }
  | {
      readonly kind: 'expression';
      readonly text: string;
      readonly textOffset: number;
      /** Its `]` was there. */
      readonly closed: boolean;
      readonly name: ItemName | null;
      readonly flags: string | null;
      readonly offset: number;
    }
  | { readonly kind: 'broken'; readonly text: string; readonly offset: number };

export interface ItemName {
  readonly name: string;
  readonly type: string | null;
}

export function parseLogFormat(text: string): readonly LogFormatItem[] {
  if (text !== '' && !text.includes('%')) return [{ kind: 'text', text }];
  return parse(text) as LogFormatItem[];
}
