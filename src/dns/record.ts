/** What a question asks for and what an answer carries (RFC 1035, section 3.2; RFC 3596; RFC 2782). */
import type { IpAddress } from '../base/ip-address.ts';

export const TYPE_A = 1;
export const TYPE_CNAME = 5;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const TYPE_SRV = 33;
export const TYPE_OPT = 41;
export const CLASS_IN = 1;

export type QuestionType = 'A' | 'AAAA' | 'SRV' | 'TXT';

export const TYPE_NUMBERS: Readonly<Record<QuestionType, number>> = {
  A: TYPE_A,
  AAAA: TYPE_AAAA,
  SRV: TYPE_SRV,
  TXT: TYPE_TXT,
};

/** Names are in lower case, without the dot at the end. */
export type ResourceRecord =
  | { readonly type: 'address'; readonly name: string; readonly address: IpAddress }
  | { readonly type: 'cname'; readonly name: string; readonly target: string }
  /** One char a byte. */
  | { readonly type: 'text'; readonly name: string; readonly text: string }
  | {
      readonly type: 'srv';
      readonly name: string;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };
