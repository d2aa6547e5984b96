/**
 * Editing the parts of a request target (RFC 9112, section 3.2): `/p?q`, `http://host/p?q`, `host:port` or `*`.
 * Where there is no path, set-path replaces the whole target, as HAProxy does.
 */
import { pathAndQuery } from '../acl/fetches/header-text.ts';

/** Index where path and query start; 0 when there is no path. */
function pathStart(target: string): number {
  const path = pathAndQuery(target);
  return path === undefined ? 0 : target.length - path.length;
}

function queryMark(target: string, from: number): number {
  const mark = target.indexOf('?', from);
  return mark < 0 ? target.length : mark;
}

export function withPath(target: string, path: string): string {
  const start = pathStart(target);
  return target.slice(0, start) + path + target.slice(queryMark(target, start));
}

export function withPathAndQuery(target: string, pathq: string): string {
  return target.slice(0, pathStart(target)) + pathq;
}

/** An empty query keeps the mark that is there and adds none. */
export function withQuery(target: string, query: string): string {
  const mark = target.indexOf('?');
  if (mark >= 0) return target.slice(0, mark + 1) + query;
  return query === '' ? target : `${target}?${query}`;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;

/** Where the authority lies in a target that has one: behind the scheme and user information, if there are such. */
function authorityRange(target: string): readonly [start: number, end: number] {
  const from = SCHEME.exec(target)?.[0].length ?? 0;
  const slash = target.indexOf('/', from);
  const end = slash < 0 ? target.length : slash;
  return [Math.max(from, end === 0 ? 0 : target.lastIndexOf('@', end - 1) + 1), end];
}

/** What replaces `Host` when the whole target is replaced; undefined: it stays, '': the target is wrong. */
export function authorityOf(method: string, target: string): string | undefined {
  if (target === '' || target === '*' || target.startsWith('/')) return undefined;
  if (method === 'CONNECT') return target;
  return target.slice(...authorityRange(target));
}

/** The target with `host` as its authority, where it has one. */
export function withAuthority(method: string, target: string, host: string): string {
  if (authorityOf(method, target) === undefined) return target;
  if (method === 'CONNECT') return host;
  const [start, end] = authorityRange(target);
  return target.slice(0, start) + host + target.slice(end);
}
