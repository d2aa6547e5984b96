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

/** What replaces `Host` when the whole target is replaced; undefined: it stays, '': the target is wrong. */
export function authorityOf(method: string, target: string): string | undefined {
  if (target === '' || target === '*' || target.startsWith('/')) return undefined;
  if (method === 'CONNECT') return target;
  const scheme = target.indexOf('://');
  if (scheme < 0) return '';
  const end = target.indexOf('/', scheme + 3);
  const authority = target.slice(scheme + 3, end < 0 ? target.length : end);
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** The target with `host` as its authority, where it has one. */
export function withAuthority(method: string, target: string, host: string): string {
  if (authorityOf(method, target) === undefined) return target;
  if (method === 'CONNECT') return host;
  const scheme = target.indexOf('://');
  if (scheme < 0) return target;
  const slash = target.indexOf('/', scheme + 3);
  const end = slash < 0 ? target.length : slash;
  const start = target.lastIndexOf('@', end) + 1;
  return target.slice(0, start > scheme ? start : scheme + 3) + host + target.slice(end);
}
