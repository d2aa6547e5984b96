/** Reports as HAProxy does: what is wrong behind where it was found. */
import type { CompileEnvironment } from './environment.ts';

/** The same environment, whose alerts begin with `prefix` and end with a full stop. */
export function prefixed<Env extends CompileEnvironment>(env: Env, prefix: string): Env {
  const inner = Object.create(env) as { report: Env['report'] };
  inner.report = diagnostic => {
    if (diagnostic.severity !== 'alert') env.report(diagnostic);
    else env.report({ ...diagnostic, message: `${prefix}${diagnostic.message.replace(/\.$/, '')}.` });
  };
  return inner as Env;
}
