/** add-acl, del-acl, set-map and del-map (manual, section 4.4): lists of patterns that requests change. */
import { HTTP, HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { applyPatternUpdate, type PatternUpdate } from '../../acl/pattern-changes.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

function compileUpdate(kind: PatternUpdate['kind']): (line: RuleLine) => Action | undefined {
  return line => {
    const wanted = kind === 'set-map' ? 2 : 1;
    if (line.left < wanted) return line.error(`expects exactly ${wanted} arguments`);
    const list = line.source.actionArgs ?? '';
    if (list === '') return line.error(`'${kind}' expects the name of a list: '${kind}(<name>)'`);
    const key = line.takeFormat('plain');
    const value = kind === 'set-map' ? line.takeFormat('plain') : undefined;
    if (key === undefined || (kind === 'set-map' && value === undefined)) return undefined;
    const { patterns } = line.env;
    return ctx => {
      const update: PatternUpdate = { kind, list, key: key.render(ctx), value: value?.render(ctx) ?? '' };
      if (applyPatternUpdate(patterns, update)) ctx.publishPatternUpdate(update);
      return CONTINUE;
    };
  };
}

export const MAP_ACTIONS: readonly ActionDefinition[] = [
  { name: 'add-acl', rulesets: HTTP, args: '(<file-name>) <key fmt>', compile: compileUpdate('add-acl') },
  { name: 'del-acl', rulesets: HTTP_ALL, args: '(<file-name>) <key fmt>', compile: compileUpdate('del-acl') },
  { name: 'del-map', rulesets: HTTP_ALL, args: '(<map-name>) <key fmt>', compile: compileUpdate('del-map') },
  {
    name: 'set-map',
    rulesets: HTTP_ALL,
    args: '(<map-name>) <key fmt> <value fmt>',
    compile: compileUpdate('set-map'),
  },
];
