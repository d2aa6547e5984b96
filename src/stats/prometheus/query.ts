/** What a scrape asks for: `scope`, `metrics`, `no-maint`, `extra-counters`, `desc-labels` in its query. */
const SCOPES = ['global', 'frontend', 'listener', 'backend', 'server', 'sticktable', 'resolver'] as const;

type Scope = (typeof SCOPES)[number];

export interface ScrapeQuery {
  readonly scopes: ReadonlySet<Scope>;
  readonly noMaintenance: boolean;
  readonly extraCounters: boolean;
  readonly descriptionLabels: boolean;
  /** Whether a family with that name is wanted. */
  readonly wants: (name: string) => boolean;
}

/** Undefined: it makes no sense, and is answered by 400. */
export function parseQuery(target: string): ScrapeQuery | undefined {
  const parameters = parametersOf(target);
  if (parameters === undefined) return undefined;
  const scopes = scopesOf(parameters);
  const wants = filterOf(parameters);
  if (scopes === undefined || wants === undefined) return undefined;
  const has = (name: string): boolean => parameters.some(([other]) => other === name);
  return {
    scopes,
    wants,
    noMaintenance: has('no-maint'),
    extraCounters: has('extra-counters'),
    descriptionLabels: has('desc-labels'),
  };
}

type Parameter = readonly [name: string, value: string | undefined];

function parametersOf(target: string): Parameter[] | undefined {
  const query = /\?([^#]*)/.exec(target)?.[1] ?? '';
  const parameters: Parameter[] = [];
  for (const part of query.split('&').filter(text => text !== '')) {
    const [name = '', value, ...more] = part.split('=');
    if (more.length > 0) return undefined;
    try {
      parameters.push([decode(name), value === undefined ? undefined : decode(value)]);
    } catch {
      return undefined;
    }
  }
  return parameters;
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** Read in order: an empty one takes all of those before back. */
function scopesOf(parameters: readonly Parameter[]): Set<Scope> | undefined {
  const named = parameters.filter(([name]) => name === 'scope');
  if (named.length === 0) return new Set(SCOPES);
  const scopes = new Set<Scope>();
  for (const [, value] of named) {
    if (value === undefined) return undefined;
    if (value === '') scopes.clear();
    else if (value === '*') for (const scope of SCOPES) scopes.add(scope);
    else if (isScope(value)) scopes.add(value);
    else return undefined;
  }
  return scopes;
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** Names to include, or with a `-` before them to leave out. The last word on a name counts. */
function filterOf(parameters: readonly Parameter[]): ((name: string) => boolean) | undefined {
  const wanted = new Map<string, boolean>();
  for (const [name, value] of parameters) {
    if (name !== 'metrics') continue;
    if (value === undefined) return undefined;
    for (const word of value.split(','))
      if (word.startsWith('-')) wanted.set(word.slice(1), false);
      else if (word !== '') wanted.set(word, true);
  }
  if (wanted.size === 0) return () => true;
  const others = ![...wanted.values()].includes(true);
  return name => wanted.get(name) ?? others;
}
