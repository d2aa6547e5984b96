/** Libraries of Lua that scripts find, in the order in which they are opened (`tune.lua.openlibs`). */
export const LUA_LIBRARIES = [
  'base',
  'coroutine',
  'table',
  'io',
  'os',
  'string',
  'utf8',
  'math',
  'debug',
  'package',
] as const;

export type LuaLibrary = (typeof LUA_LIBRARIES)[number];

/** Always there. */
const BASIC: readonly LuaLibrary[] = ['base', 'coroutine'];

/** `all`, `none`, or names between commas; a text: what is wrong. */
export function librariesOf(words: string): readonly LuaLibrary[] | string {
  const names = words.split(',');
  if (names.includes('all')) return LUA_LIBRARIES;
  if (words === 'none') return BASIC;
  const wrong = names.find(
    name => BASIC.includes(name as LuaLibrary) || !LUA_LIBRARIES.includes(name as LuaLibrary),
  );
  if (wrong !== undefined) return `unknown Lua library '${wrong}'`;
  return [...BASIC, ...(names as LuaLibrary[])];
}
