/** Keys by the text they were made of: parsing one costs more than using it. Bounded, since texts may come from outside. */
import { LRUCache } from 'lru-cache';

const MOST = 100;

export function keyCache<Key extends object>(
  make: (text: string) => Key | undefined,
): (text: string) => Key | undefined {
  const known = new LRUCache<string, Key | 'no key'>({ max: MOST });
  return text => {
    let key = known.get(text);
    if (key === undefined) {
      key = make(text) ?? 'no key';
      known.set(text, key);
    }
    return key === 'no key' ? undefined : key;
  };
}
