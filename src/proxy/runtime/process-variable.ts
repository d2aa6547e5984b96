/** `set-var` and `set-var-fmt` of `global`, `set var` of the admin socket: expressions whose value a variable gets. */
import type { SampleContext } from '../../acl/context.ts';
import type { CompileEnvironment } from '../../acl/environment.ts';
import { compileExpression } from '../../acl/expression.ts';
import { compileLogFormat } from '../../acl/log-format.ts';
import { phaseBit, type Phase } from '../../acl/phase.ts';
import type { Sample } from '../../acl/sample.ts';
import type { VariableName } from '../../acl/variables.ts';
import type { Word } from '../../model/word.ts';

interface VariableAssignment {
  readonly variable: VariableName;
  /** Undefined: the expression has no value, the variable keeps its own. */
  readonly value: (ctx: SampleContext) => Sample | undefined;
}

export interface AssignmentSource {
  /** With its scope, which is `proc`. */
  readonly name: string;
  readonly words: readonly Word[];
  /** The words are a log format. */
  readonly format: boolean;
}

/** Undefined: what is wrong was reported. */
export function compileAssignment(
  { name, words, format }: AssignmentSource,
  phase: Phase & ('configuration parser' | 'CLI parser'),
  env: CompileEnvironment,
): VariableAssignment | undefined {
  const variable = env.variables.resolve(name);
  const position = words[0]?.position ?? { file: '', line: 0, column: 0 };
  if (typeof variable === 'string') {
    env.report({ severity: 'alert', position, message: variable });
    return undefined;
  }
  const text = words.map(word => word.text).join(' ');
  const bit = phaseBit(phase);
  if (format) {
    const compiled = compileLogFormat(text, position, bit, env);
    return compiled && { variable, value: ctx => compiled.render(ctx) };
  }
  const expression = compileExpression(text, position, bit, env);
  return expression && { variable, value: ctx => expression.sample(ctx) };
}
