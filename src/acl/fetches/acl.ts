/** `acl()`: named conditions as a sample. */
import type { ArgumentSpec } from '../arguments.ts';
import type { FetchRow } from '../row.ts';
import type { CompiledAcl } from '../environment.ts';

const MOST_NAMES = 12;
const ARGS: readonly ArgumentSpec[] = [
  'name:str',
  ...Array.from({ length: MOST_NAMES - 1 }, (): ArgumentSpec => 'name:str?'),
];

interface Term {
  readonly acl: CompiledAcl;
  readonly negated: boolean;
}

export const ACL_FETCHES: readonly FetchRow[] = [
  {
    name: 'acl',
    args: ARGS,
    out: 'bool',
    sources: ['constant'],
    summary: 'all of the named conditions hold, those behind ! do not',
    incremental: true,
    compile: (args, scope) => {
      const terms: Term[] = [];
      for (const argument of args) {
        if (argument === undefined) continue;
        const negated = argument.text.startsWith('!');
        const name = negated ? argument.text.slice(1) : argument.text;
        const acl = scope.env.acls.find(name, scope.env, scope.phases);
        if (acl === undefined) return { error: `ACL '${name}' not found` };
        if (acl === 'broken') return { error: `ACL '${name}' is broken` };
        terms.push({ acl, negated });
      }
      return ctx => {
        for (const { acl, negated } of terms) {
          const held = acl.test(ctx);
          if (!held && ctx.needMoreData && !ctx.final) return undefined;
          if (held === negated) return false;
        }
        return true;
      };
    },
  },
];
