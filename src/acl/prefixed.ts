/** Reports as HAProxy does: what is wrong behind where it was found. */
import type { CompileEnvironment } from './environment.ts';

/** The same environment, whose alerts begin with `prefix` and end with a full stop. */
export function prefixed<Env extends CompileEnvironment>(env: Env, prefix: string): Env {
  return {
    ...env,
    report: diagnostic => {
      if (diagnostic.severity !== 'alert') env.report(diagnostic);
      else env.report({ ...diagnostic, message: `${prefix}${diagnostic.message.replace(/\.$/, '')}.` });
    },
  };
}
