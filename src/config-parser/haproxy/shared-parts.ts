/**
 * Sections that say the same get the same parts: of thousands of backends most differ in names and addresses alone, and
 * every thread is sent a copy of what is not the same object. Used while proxies are finished; parts are never changed.
 */
const NONE: never[] = [];

export class SharedParts {
  readonly #last = new Map<string, unknown>();

  /** The part of that name the last section got, when it is alike. */
  same<T extends object>(name: string, part: T): T {
    const last = this.#last.get(name) as T | undefined;
    if (last !== undefined && areAlike(last, part)) return last;
    this.#last.set(name, part);
    return part;
  }
}

export function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list;
}

/** Of objects, lists and sets as the model has them; Maps only when they are the same. */
function areAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Set) return b instanceof Set && haveSameNames(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && haveSameFields(a, b);
  return !(a instanceof Map) && haveSameFields(a, b) && Object.keys(a).length === Object.keys(b).length;
}

function haveSameNames(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const name of a) if (!b.has(name)) return false;
  return true;
}

function haveSameFields(a: object, b: object): boolean {
  for (const name in a)
    if (!areAlike((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])) return false;
  return true;
}
