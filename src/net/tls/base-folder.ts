/** `crt-base`, `ca-base`, `key-base` (manual, section 3.1): stand before relative names, but not before `@store/alias`. */
export function withBase(name: string, base: string | undefined): string {
  return base === undefined || /^[/@]/.test(name) ? name : `${base}/${name}`;
}
