/** `attach-srv` (manual, section 4.4): who has connected serves requests. Which servers can be named: config-parser/resolve-reverse.ts. */
import type { ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

function compileAttach(line: RuleLine): Action | undefined {
  const [, backend, server] = /^([^/]+)\/([^/]+)$/.exec(line.take()?.text ?? '') ?? [];
  const name = line.accept('name') ? line.takeExpression() : null;
  if (backend === undefined || server === undefined || name === undefined) return undefined;
  const entry = line.env.directory.backend(backend);
  if (entry === undefined || line.env.directory.server(entry, server) === undefined) return undefined;
  line.env.directory.refer(backend);
  const target = { backend, server };
  return ctx => {
    ctx.attachTo(target, name?.string(ctx) ?? '');
    return CONTINUE;
  };
}

export const ATTACHING_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'attach-srv',
    rulesets: ['tcp-request session'],
    args: '<srv> [name <expr>]',
    experimental: true,
    compile: compileAttach,
  },
];
