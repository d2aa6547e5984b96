/** Texts hidden behind six digits that cannot be turned back: the same text and key give the same digits. */
import { xxh32 } from './xxhash.ts';

/** The highest key there is; 0 hides nothing. */
export const HIGHEST_ANON_KEY = 0xffff_ffff;

export function anonymised(text: string, key: number): string {
  return (xxh32(Buffer.from(text, 'latin1'), key) & 0xffffff).toString(16).padStart(6, '0');
}
