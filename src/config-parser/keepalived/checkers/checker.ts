/** The checkers of a real server (keepalived.conf(5), "healthcheckers"): a table of keywords for each kind. */
import type { Position } from '../../../model/diagnostic.ts';
import type { CheckerKind } from '../../../model/virtual-server.ts';
import type { Statement } from '../block.ts';
import { KeywordTable } from '../keyword.ts';
import type { Scope } from '../scope.ts';
import { blockOf } from '../values.ts';
import { CONNECTING, type CheckerDraft } from './checker-rows.ts';
import { httpRows } from './http-rows.ts';
import { SMTP_ROWS } from './smtp-rows.ts';
import { BFD_ROWS, DNS_ROWS, FILE_ROWS, MISC_ROWS, UDP_ROWS } from './special-rows.ts';

const BLOCK = 'virtual_server/real_server';

export const CHECKER_TABLES: Readonly<Record<CheckerKind, KeywordTable<CheckerDraft>>> = {
  TCP_CHECK: new KeywordTable(`${BLOCK}/TCP_CHECK`, CONNECTING),
  HTTP_GET: new KeywordTable(`${BLOCK}/HTTP_GET`, httpRows(`${BLOCK}/HTTP_GET`)),
  SSL_GET: new KeywordTable(`${BLOCK}/SSL_GET`, httpRows(`${BLOCK}/SSL_GET`)),
  MISC_CHECK: new KeywordTable(`${BLOCK}/MISC_CHECK`, MISC_ROWS),
  SMTP_CHECK: new KeywordTable(`${BLOCK}/SMTP_CHECK`, SMTP_ROWS),
  DNS_CHECK: new KeywordTable(`${BLOCK}/DNS_CHECK`, DNS_ROWS),
  PING_CHECK: new KeywordTable(`${BLOCK}/PING_CHECK`, CONNECTING),
  UDP_CHECK: new KeywordTable(`${BLOCK}/UDP_CHECK`, UDP_ROWS),
  FILE_CHECK: new KeywordTable(`${BLOCK}/FILE_CHECK`, FILE_ROWS),
  BFD_CHECK: new KeywordTable(`${BLOCK}/BFD_CHECK`, BFD_ROWS),
};

/** A checker read, to be completed when the defaults around it are known. */
export interface PendingChecker {
  readonly kind: CheckerKind;
  readonly draft: CheckerDraft;
}

/** Several where an SMTP_CHECK has `host` blocks; none where the checker cannot be. */
export function parseChecker(kind: CheckerKind, statement: Statement, scope: Scope): PendingChecker[] {
  const draft = newDraft(statement.position);
  CHECKER_TABLES[kind].read(draft, blockOf(statement, scope), scope);
  const missing = missingPart(kind, draft);
  if (missing !== undefined) {
    scope.report.warn(statement.position, `${kind} without ${missing} - removing`);
    return [];
  }
  const { hosts, ...common } = draft;
  if (hosts.length === 0) return [{ kind, draft }];
  return hosts.map(host => ({ kind, draft: { ...common, hosts: [], ...host } }));
}

function newDraft(position: Position): CheckerDraft {
  return {
    position,
    protocol: '1.0',
    enableSni: false,
    urls: [],
    account: {},
    miscDynamic: false,
    dnsType: 'SOA',
    dnsName: '.',
    requireReply: false,
    minReplyLength: 0,
    maxReplyLength: 255,
    hosts: [],
  };
}

function missingPart(kind: CheckerKind, draft: CheckerDraft): string | undefined {
  if (kind === 'MISC_CHECK' && draft.script === undefined) return 'misc_path';
  if ((kind === 'HTTP_GET' || kind === 'SSL_GET') && draft.urls.length === 0) return 'url';
  if (kind === 'FILE_CHECK' && draft.trackFile === undefined) return 'track_file';
  if (kind === 'BFD_CHECK' && draft.bfdName === undefined) return 'name';
  return undefined;
}
