/** The known word that is nearest to a mistyped one, for "did you mean ... maybe ?". */

/** Edits (insert, drop, change, swap neighbours) between two words; gives up above `limit`. */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) best = Math.min(best, (beforeLast[column - 2] as number) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] as number;
}

/** How many edits still count as a slip of the finger. A single letter is no other one mistyped. */
function allowedEdits(word: string): number {
  if (word.length <= 1) return 0;
  if (word.length <= 4) return 1;
  return word.length <= 8 ? 2 : 3;
}

/** The nearest of `names`, or undefined when none is near. */
export function nearestName(word: string, names: Iterable<string>): string | undefined {
  let limit = allowedEdits(word);
  let nearest: string | undefined;
  for (const name of names) {
    const distance = editDistance(word, name, limit);
    if (distance > limit || (distance === limit && nearest !== undefined)) continue;
    limit = distance;
    nearest = name;
  }
  return nearest;
}

/** The hint of a diagnostic about an unknown word. */
export function didYouMean(word: string, names: Iterable<string>): string | undefined {
  const nearest = nearestName(word, names);
  return nearest === undefined ? undefined : `did you mean '${nearest}' maybe ?`;
}
