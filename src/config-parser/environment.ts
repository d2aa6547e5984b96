/** Environment variables as the configuration sees them: read by words and addresses, changed by `setenv` and its kind. */

export type Lookup = (name: string) => string | undefined;

/**
 * Replaces `$NAME` and `${NAME}` wherever they stand in an address or a path (manual, section 2.9); an unknown
 * name gives nothing. Words have their own rules (section 2.3), which the grammar keeps.
 */
export function expandEnvironment(text: string, lookup: Lookup): string {
  if (!text.includes('$')) return text;
  return text.replace(/\$(?:\{([A-Za-z0-9_]*)\}|([A-Za-z0-9_]*))/g, (_, braced, plain) => {
    return lookup((braced ?? plain) as string) ?? '';
  });
}
