/** replace-header (whole values) and replace-value (comma separated items): manual, section 4.4. */
import { expandReplacement, type CompiledRegex } from '../../acl/regex/regex.ts';
import { HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { failedRewrite, fits, headersOf, sideOf, followHost } from '../http-message.ts';
import { compileRegex } from '../regex.ts';
import { rewriteItems } from '../rewrite-items.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** New value; the old one where nothing matches; undefined when the template is broken. */
type Rewrite = (regex: CompiledRegex, value: string, template: string) => string | undefined;

function rewriteWhole(regex: CompiledRegex, value: string, template: string): string | undefined {
  const match = regex.match(value);
  return match === undefined ? value : expandReplacement(template, match.groups);
}

const rewriteList: Rewrite = (regex, value, template) =>
  rewriteItems(value, item => rewriteWhole(regex, item, template));

function compileReplaceHeader(line: RuleLine): Action | undefined {
  if (line.left < 3) return line.error('expects exactly 3 arguments');
  const name = (line.take()?.text ?? '').toLowerCase();
  const regex = compileRegex(line.take()?.text ?? '', line);
  const format = line.takeFormat('http');
  if (regex === undefined || format === undefined) return undefined;
  const side = sideOf(line);
  const headers = headersOf(side);
  const rewrite: Rewrite = line.action === 'replace-header' ? rewriteWhole : rewriteList;
  const { render } = format;
  return ctx => {
    const edited = headers(ctx);
    if (edited === undefined) return CONTINUE;
    let template: string | undefined;
    for (let index = edited.find(name); index >= 0; index = edited.find(name, index + 1)) {
      const value = edited.valueAt(index);
      template ??= render(ctx);
      const replaced = rewrite(regex, value, template);
      if (replaced === undefined || !fits(ctx, side, replaced.length - value.length))
        return failedRewrite(ctx);
      if (replaced === value) continue;
      edited.setValueAt(index, replaced);
      followHost(ctx, side, name, replaced);
    }
    return CONTINUE;
  };
}

const ARGS = '<name> <match-regex> <replace-fmt>';

export const REPLACE_HEADER_ACTIONS: readonly ActionDefinition[] = [
  { name: 'replace-header', rulesets: HTTP_ALL, args: ARGS, compile: compileReplaceHeader },
  { name: 'replace-value', rulesets: HTTP_ALL, args: ARGS, compile: compileReplaceHeader },
];
