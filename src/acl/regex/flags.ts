/** The options of a pattern, and how `(?i-s)` changes them. */
export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

export function changed(flags: Flags, on: string, off: string): Flags {
  const flag = (letter: string, old: boolean): boolean =>
    !off.includes(letter) && (on.includes(letter) || old);
  return {
    ignoreCase: flag('i', flags.ignoreCase),
    multiline: flag('m', flags.multiline),
    dotAll: flag('s', flags.dotAll),
    extended: flag('x', flags.extended),
  };
}
