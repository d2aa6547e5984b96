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

/** The variables while a configuration is read: `setenv` and its kind change them for the lines below. */
export class Environment {
  private readonly variables: Map<string, string>;

  constructor(initial: Readonly<Record<string, string | undefined>>) {
    this.variables = new Map();
    for (const [name, value] of Object.entries(initial)) {
      if (value !== undefined) this.variables.set(name, value);
    }
  }

  readonly lookup: Lookup = name => this.variables.get(name);

  set(name: string, value: string): void {
    this.variables.set(name, value);
  }

  /** `presetenv`: only when the variable does not exist. */
  preset(name: string, value: string): void {
    if (!this.variables.has(name)) this.variables.set(name, value);
  }

  unset(name: string): void {
    this.variables.delete(name);
  }

  /** `resetenv`: drops all but these. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.variables.keys()) {
      if (!names.has(name)) this.variables.delete(name);
    }
  }

  toRecord(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.variables);
  }
}
