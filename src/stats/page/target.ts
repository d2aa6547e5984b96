/**
 * What the address of a request asks of the statistics page: words behind `;` and the `scope` parameter (manual of
 * management, section 9.1).
 */
type PageForm = 'html' | 'csv' | 'typed' | 'json' | 'schema' | 'events';

export interface PageTarget {
  readonly form: PageForm;
  readonly hideDown: boolean;
  readonly hideMaintenance: boolean;
  readonly noRefresh: boolean;
  /** Result of an action that redirected here. */
  readonly outcome: string | undefined;
  /** Part of the names of the proxies that are shown; '': all. */
  readonly scope: string;
}

const OUTCOMES = ['DENY', 'DONE', 'ERRP', 'EXCD', 'NONE', 'PART', 'UNKN', 'IVAL'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const LONGEST_SCOPE = 20;

/** `rest`: what follows the configured prefix. */
export function parseTarget(rest: string): PageTarget {
  const outcome = /;st=([A-Z]{4})?/.exec(rest);
  const known = OUTCOMES.find(word => word === outcome?.[1]) ?? 'UNKN';
  return {
    form: formOf(rest),
    hideDown: rest.includes(';up'),
    hideMaintenance: rest.includes(';no-maint'),
    noRefresh: rest.includes(';norefresh'),
    outcome: outcome === null ? undefined : known,
    scope: scopeOf(rest),
  };
}

/** Where several are asked for, the last of this order counts. */
function formOf(rest: string): PageForm {
  if (rest.includes(';json-schema')) return 'schema';
  if (rest.includes(';json')) return 'json';
  if (rest.includes(';typed')) return 'typed';
  if (rest.includes(';csv')) return 'csv';
  return rest.includes(';events') ? 'events' : 'html';
}

function scopeOf(rest: string): string {
  const scope = (/scope=([^;& ]*)/.exec(rest)?.[1] ?? '').slice(0, LONGEST_SCOPE);
  return /^[A-Za-z0-9_:.-]*$/.test(scope) ? scope : '';
}

/** The address of the page with these wishes, for links and redirections. */
export function targetText(
  uri: string,
  wishes: Partial<Pick<PageTarget, 'hideDown' | 'hideMaintenance' | 'noRefresh' | 'scope'>>,
  word = '',
): string {
  const { hideDown, hideMaintenance, noRefresh, scope } = wishes;
  return (
    uri +
    word +
    (hideDown === true ? ';up' : '') +
    (hideMaintenance === true ? ';no-maint' : '') +
    (noRefresh === true ? ';norefresh' : '') +
    (scope === undefined || scope === '' ? '' : `${uri.includes('?') ? '&' : '?'}scope=${scope}`)
  );
}
