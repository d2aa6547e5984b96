/** `real_server` blocks (keepalived.conf(5), Virtual server(s)). */
import type { Position } from '../../model/diagnostic.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { CheckerKind, ForwardingMethod, ServiceAddress } from '../../model/virtual-server.ts';
import type { Statement } from './block.ts';
import { checkDefaultRows, virtualhostRow, type CheckDefaults } from './checkers/check-defaults.ts';
import { CHECKER_TABLES, parseChecker, type PendingChecker } from './checkers/checker.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { parseServer } from './service-address.ts';
import { METHOD_ARGS, methodOf, script } from './service-rows.ts';
import { boolRow, integerRow } from './value-rows.ts';
import { blockOf, readInteger } from './values.ts';

export interface RealServerDraft extends CheckDefaults {
  readonly position: Position;
  readonly address: ServiceAddress;
  weight?: number;
  method?: ForwardingMethod;
  uthreshold: number;
  lthreshold: number;
  inhibitOnFailure?: boolean;
  smtpAlert?: boolean;
  notifyUp?: ScriptCommand;
  notifyDown?: ScriptCommand;
  checkers: PendingChecker[];
}

function threshold(name: 'uthreshold' | 'lthreshold', summary: string): KeepalivedKeyword<RealServerDraft> {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) =>
      void (draft[name] = readInteger(statement, scope, 0, 0xffff_ffff) ?? 0),
  };
}

function checkerRow(kind: CheckerKind): KeepalivedKeyword<RealServerDraft> {
  return {
    name: kind,
    args: '{ ... }',
    summary: `health check ${kind}`,
    parse: (draft, statement, scope) => void draft.checkers.push(...parseChecker(kind, statement, scope)),
  };
}

export const REAL_SERVER = new KeywordTable<RealServerDraft>('virtual_server/real_server', [
  integerRow('weight', 'weight', [0, 2_147_483_647], 'weight; 0: no new connections', '<n>'),
  {
    name: 'lvs_method',
    args: METHOD_ARGS,
    least: 1,
    summary: 'forwarding method of this server',
    parse: (draft, statement, scope) => {
      const method = methodOf(statement, scope);
      if (method !== undefined) draft.method = method;
    },
  },
  threshold('uthreshold', 'connections above which to stop'),
  threshold('lthreshold', 'connections below which to resume'),
  boolRow('inhibit_on_failure', 'inhibitOnFailure', 'weight zero instead of removal'),
  script('notify_up', 'notifyUp', 'run when the server recovers'),
  script('notify_down', 'notifyDown', 'run when the server fails'),
  ...checkDefaultRows<RealServerDraft>(),
  boolRow('alpha', 'alpha', 'assume down at start'),
  boolRow('smtp_alert', 'smtpAlert', 'mail upon change'),
  virtualhostRow<RealServerDraft>(),
  ...(Object.keys(CHECKER_TABLES) as CheckerKind[]).map(checkerRow),
]);

export function parseRealServer(statement: Statement, scope: Scope): RealServerDraft | undefined {
  const address = parseServer(statement.words, statement, scope);
  if (address === undefined) return undefined;
  const server: RealServerDraft = {
    position: statement.position,
    address,
    uthreshold: 0,
    lthreshold: 0,
    checkers: [],
  };
  REAL_SERVER.read(server, blockOf(statement, scope), scope);
  return server;
}
