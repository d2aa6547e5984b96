/** Levels of an admin socket (`level` of `stats socket`); each includes those before it. */
const LEVELS = ['user', 'operator', 'admin'] as const;
export type Level = (typeof LEVELS)[number];

export function allows(held: Level, wanted: Level): boolean {
  return LEVELS.indexOf(held) >= LEVELS.indexOf(wanted);
}
