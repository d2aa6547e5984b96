/** How often an atom may stand: `*`, `+`, `?`, `{2,3}`. */
export function bounds(quantifier: string): [number, number] {
  if (quantifier === '*') return [0, Infinity];
  if (quantifier === '+') return [1, Infinity];
  if (quantifier === '?') return [0, 1];
  const [min, max] = quantifier.slice(1, -1).split(',');
  const least = min === '' ? 0 : Number(min);
  if (max === undefined) return [least, least];
  return [least, max === '' ? Infinity : Number(max)];
}
