/** Compiles the formats, samples and regular expressions of check rules, for the control thread and for `-c`. */
import { isMistake } from '../../acl/arguments.ts';
import type { CompiledExpression } from '../../acl/compiled.ts';
import { compileExpression } from '../../acl/expression.ts';
import { storeOf } from '../../acl/fetches/variables.ts';
import { compileLogFormat } from '../../acl/log-format.ts';
import { phaseBit } from '../../acl/phase.ts';
import { compileRegex, isRegexMistake } from '../../acl/regex/regex.ts';
import type { Sample } from '../../acl/sample.ts';
import { parseStoreConditions, storeVariable } from '../../acl/store-conditions.ts';
import type { CheckFacts } from '../../health/check-facts.ts';
import type { CheckExpressions } from '../../health/expressions.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Environments } from '../../proxy/runtime/compile-environment.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { CheckContext, type CheckSurroundings } from './check-context.ts';

const CHECK_PHASE = phaseBit('backend tcp-check rule');
const ID_PHASES = CHECK_PHASE | phaseBit('frontend http-request header rule');

export class CheckExpressionCompiler implements CheckExpressions {
  readonly #env: RuleEnvironment;
  readonly #around: CheckSurroundings | undefined;

  constructor(environments: Environments, proxy: Proxy, around?: CheckSurroundings) {
    this.#env = environments.of(proxy);
    this.#around = around;
  }

  format(word: Word): ((facts: CheckFacts) => string) | undefined {
    const format = compileLogFormat(word.text, word.position, CHECK_PHASE, this.#env);
    if (format === undefined) return undefined;
    const { constant, render } = format;
    return constant === undefined ? facts => render(CheckContext.of(facts)) : () => constant;
  }

  integer(word: Word): ((facts: CheckFacts) => number | undefined) | undefined {
    const expression = this.#expression(word);
    return (
      expression &&
      (facts => {
        const value = expression.int(CheckContext.of(facts));
        return value === undefined ? undefined : Number(value);
      })
    );
  }

  variable(rule: readonly Word[]): ((facts: CheckFacts) => void) | undefined {
    const word = rule[0] as Word;
    const [, action, args = ''] = /^([a-z-]+)\((.*)\)$/s.exec(word.text) ?? [];
    const [name = '', ...conditions] = args.split(',').map(part => part.trim());
    const variable = this.#env.variables.resolve(name);
    if (typeof variable === 'string') return this.#refuse(word.position, variable);
    if (action === 'unset-var')
      return facts => storeOf(CheckContext.of(facts), variable.scope)?.unset(variable.slot);
    const parsed = parseStoreConditions(conditions);
    if (isMistake(parsed)) return this.#refuse(word.position, parsed.error);
    const read = this.#value(action ?? '', rule);
    return (
      read &&
      (facts => {
        const context = CheckContext.of(facts);
        const value = read(context);
        if (value !== undefined) storeVariable(context, variable, value, parsed);
      })
    );
  }

  /** An expression may go on behind a comma at the end of a word. */
  #value(
    action: string,
    [first, ...words]: readonly Word[],
  ): ((ctx: CheckContext) => Sample | undefined) | undefined {
    const word = words[0];
    if (word === undefined)
      return this.#refuse((first as Word).position, `'${action}' expects a value behind the variable`);
    if (action === 'set-var-fmt')
      return compileLogFormat(word.text, word.position, CHECK_PHASE, this.#env)?.render;
    let { text } = word;
    for (let at = 1; text.endsWith(',') && at < words.length; at++) text += words[at]?.text ?? '';
    return this.#expression({ ...word, text })?.sample;
  }

  regex(word: Word, ignoreCase = false): ((text: string) => boolean) | undefined {
    const regex = compileRegex(word.text, ignoreCase);
    if (isRegexMistake(regex)) return this.#refuse(word.position, regex.error);
    return regex.test;
  }

  report(severity: 'alert' | 'warning', position: Position, message: string): void {
    this.#env.report({ severity, position, message });
  }

  newScope(): object {
    return this.#around === undefined ? {} : new CheckContext(this.#around);
  }

  #expression(word: Word): CompiledExpression | undefined {
    return compileExpression(word.text, word.position, CHECK_PHASE, this.#env);
  }

  #refuse(position: Position, message: string): undefined {
    this.report('alert', position, message);
    return undefined;
  }
}

/** `unique-id-format` as checks see it: what of it exists only for requests is empty. */
export function compileUniqueId(
  environments: Environments,
): (proxy: Proxy, context: CheckContext) => string | undefined {
  const formats = new Map<Proxy, ((context: CheckContext) => string) | undefined>();
  return (proxy, context) => {
    if (!formats.has(proxy)) {
      const word = proxy.uniqueIdFormat;
      const format =
        word &&
        compileLogFormat(word.text, word.position, ID_PHASES, environments.of(proxy), { style: 'id' });
      formats.set(proxy, format?.render);
    }
    return formats.get(proxy)?.(context);
  };
}
