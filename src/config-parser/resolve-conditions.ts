/**
 * Names of ACLs in conditions. As in HAProxy an ACL has to be declared above the rule that uses it, in the same
 * section or its defaults; the predefined ones (manual, section 7.4) always exist.
 */
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Condition } from '../model/word.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';

const PREDEFINED: ReadonlySet<string> = new Set([
  'TRUE',
  'FALSE',
  'LOCALHOST',
  'HTTP',
  'HTTP_1.0',
  'HTTP_1.1',
  'HTTP_2.0',
  'HTTP_3.0',
  'HTTP_CONTENT',
  'HTTP_URL_ABS',
  'HTTP_URL_SLASH',
  'HTTP_URL_STAR',
  'METH_CONNECT',
  'METH_DELETE',
  'METH_GET',
  'METH_HEAD',
  'METH_OPTIONS',
  'METH_POST',
  'METH_PUT',
  'METH_TRACE',
  'RDP_COOKIE',
  'REQ_CONTENT',
  'WAIT_END',
]);

/** What a rule or condition can name. */
interface Scope {
  readonly acls: ReadonlyMap<string, Position>;
  /** ACLs of the section itself count only below their line. */
  readonly section: Position;
}

const NO_ACLS: ReadonlyMap<string, Position> = new Map();

function createScope(acls: Proxy['acls'], section: Position): Scope {
  if (acls.length === 0) return { acls: NO_ACLS, section };
  const first = new Map<string, Position>();
  for (const { name, position } of acls) if (!first.has(name)) first.set(name, position);
  return { acls: first, section };
}

function checkName(
  name: string,
  at: Position,
  what: string | undefined,
  scope: Scope,
  context: ParserContext,
): void {
  if (PREDEFINED.has(name)) return;
  const declared = scope.acls.get(name);
  const prefix = what === undefined ? '' : `error detected while parsing ${what} : `;
  if (declared === undefined) {
    const hint = didYouMean(name, [...scope.acls.keys(), ...PREDEFINED]);
    context.alert(at, `${prefix}no such ACL : '${name}'.`, hint);
  } else if (declared.line > at.line && declared.line > scope.section.line && declared.file === at.file)
    context.alert(at, `${prefix}no such ACL : '${name}' (it is declared below, at line ${declared.line}).`);
}

function checkCondition(condition: Condition | undefined, scope: Scope, context: ParserContext): void {
  if (condition === undefined) return;
  for (const terms of condition.alternatives) {
    for (const { name, position } of terms) {
      if (name !== undefined) checkName(name, position, condition.what, scope, context);
    }
  }
}

export function checkConditions(proxy: Proxy, context: ParserContext): void {
  const own = createScope(proxy.acls, proxy.position);
  const inherited = createScope(proxy.defaultsAcls, proxy.position);
  for (const rule of proxy.rules)
    checkCondition(rule.condition, rule.fromDefaults === true ? inherited : own, context);
  const others = [
    ...proxy.useBackends,
    ...proxy.useServers,
    ...proxy.plainRules,
    ...(proxy.stats?.httpRequest ?? []),
  ];
  for (const { condition } of others) checkCondition(condition, own, context);
  for (const condition of [...proxy.monitorFail, ...(proxy.stats?.admin ?? [])])
    checkCondition(condition, own, context);
}
