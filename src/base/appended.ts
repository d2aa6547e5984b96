/** Lists of which most have one item. */

/** The list with the item behind: a first item gets a list with room for one, where `push` makes room for 17. */
export function appended<Item>(list: Item[], item: Item): Item[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
