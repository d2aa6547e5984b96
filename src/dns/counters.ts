/** What `show resolvers` counts of a nameserver (manual of management). */
export const NAMESERVER_COUNTERS = [
  'sent',
  'snd_error',
  'valid',
  'update',
  'cname',
  'cname_error',
  'any_err',
  'nx',
  'timeout',
  'refused',
  'other',
  'invalid',
  'too_big',
  'truncated',
  'outdated',
] as const;

type NameserverCounter = (typeof NAMESERVER_COUNTERS)[number];
export type NameserverCounters = Record<NameserverCounter, number>;

export function newCounters(): NameserverCounters {
  return Object.fromEntries(NAMESERVER_COUNTERS.map(name => [name, 0])) as NameserverCounters;
}
