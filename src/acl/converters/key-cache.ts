/** Keys by the text they were made of: parsing one costs more than using it. Bounded, since texts may come from outside. */
const MOST = 100;

export function keyCache<Key>(make: (text: string) => Key | undefined): (text: string) => Key | undefined {
  const known = new Map<string, Key | undefined>();
  return text => {
    if (known.has(text)) return known.get(text);
    if (known.size >= MOST) known.clear();
    const key = make(text);
    known.set(text, key);
    return key;
  };
}
