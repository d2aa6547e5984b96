/** Whether a check can connect from where to where it says, as keepalived judges it. Called by resolve-virtual-server.ts. */
import type { Checker, CheckerKind } from '../../../model/virtual-server.ts';
import type { Report } from '../report.ts';
import { familyOf } from '../values.ts';

const CONNECTS_NOT: ReadonlySet<CheckerKind> = new Set(['MISC_CHECK', 'FILE_CHECK', 'BFD_CHECK']);
/** fe80::/10 */
const LINK_LOCAL = /^fe[89ab]/i;

/** A source of another family is left out, a check that could reach nothing as a whole. */
export function judgeConnection(checker: Checker, report: Report): Checker | undefined {
  const { kind, position, connectIp, bindIf } = checker;
  if (CONNECTS_NOT.has(kind)) return checker;
  if (LINK_LOCAL.test(connectIp) && bindIf === undefined) {
    report.warn(position, `Checker link local address ${connectIp} requires a bind_if - removing`);
    return undefined;
  }
  const { bindTo, ...rest } = checker;
  if (bindTo === undefined || familyOf(bindTo) === familyOf(connectIp)) return checker;
  report.warn(
    position,
    `bindto address ${bindTo} does not match address family of ${connectIp} - ignoring bindto`,
  );
  return rest;
}
