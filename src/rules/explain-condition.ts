/**
 * Looks into conditions for `lb explain`: each ACL of a condition with the samples it looks at and whether it holds.
 * Compiled from the words again, next to what traffic runs, so that traffic carries nothing of it.
 */
import { PREDEFINED_ACLS, findAclKeyword } from '../acl/acl-keywords.ts';
import { compileCondition } from '../acl/condition.ts';
import type { CompiledExpression } from '../acl/compiled.ts';
import type { SampleContext } from '../acl/context.ts';
import { compileExpression } from '../acl/expression.ts';
import type { Condition, Term, Word } from '../model/word.ts';
import type { RuleEnvironment } from './environment.ts';

interface SeenSample {
  /** As written: `hdr(host),lower`. */
  readonly expression: string;
  /** Undefined: absent. */
  readonly value: string | undefined;
}

export interface SeenTerm {
  /** `{ path_beg /x }`, `!internal` */
  readonly text: string;
  readonly holds: boolean;
  readonly samples: readonly SeenSample[];
  /** The lines of a named ACL: one of them has to match. */
  readonly definitions: readonly AclDefinition[];
}

interface AclDefinition {
  readonly file: string;
  readonly line: number;
  /** `path_beg -i /static /images` */
  readonly text: string;
}

/** Terms of the condition, in the order they are written, for one context. */
type ConditionInspector = (ctx: SampleContext) => SeenTerm[];

export function inspectCondition(
  condition: Condition,
  phases: number,
  env: RuleEnvironment,
): ConditionInspector {
  const quiet: RuleEnvironment = { ...env, report: () => undefined };
  const inspectors = condition.alternatives.flat().map(term => inspectTerm(term, phases, quiet));
  return ctx => inspectors.map(inspect => inspect(ctx));
}

function inspectTerm(term: Term, phases: number, env: RuleEnvironment): (ctx: SampleContext) => SeenTerm {
  const { position } = term;
  const test = compileCondition({ kind: 'if', position, alternatives: [[term]] }, phases, env)?.test;
  const criteria = new Map(
    linesOf(term, env).flatMap(([word]) => (word === undefined ? [] : [[word.text, word]])),
  );
  const expressions = [...criteria.values()].flatMap(word => compileCriterion(word, phases, env) ?? []);
  const text = renderTerm(term);
  const definitions = definitionsOf(term, env);
  return ctx => ({
    text,
    holds: test?.(ctx) === true,
    samples: expressions.map(read => read(ctx)),
    definitions,
  });
}

function definitionsOf({ name, words }: Term, env: RuleEnvironment): readonly AclDefinition[] {
  if (words !== undefined) return [];
  return env.section.acls
    .filter(acl => acl.name === name)
    .map(({ position: { file, line }, words: all }) => ({ file, line, text: all.map(renderWord).join(' ') }));
}

/** The criterion and patterns of each line of an ACL; several lines are alternatives. */
function linesOf(term: Term, env: RuleEnvironment): readonly (readonly Word[])[] {
  if (term.words !== undefined) return [term.words];
  const named = env.section.acls.filter(({ name }) => name === term.name).map(({ words }) => words);
  const predefined = PREDEFINED_ACLS[term.name ?? ''];
  if (named.length > 0 || predefined === undefined) return named;
  return [predefined.map(text => ({ text, position: term.position }))];
}

/** `path_beg` looks at the sample `path`. */
function compileCriterion(
  word: Word,
  phases: number,
  env: RuleEnvironment,
): ((ctx: SampleContext) => SeenSample) | undefined {
  const name = /^[A-Za-z0-9_.:+-]*/.exec(word.text)?.[0] ?? '';
  const keyword = findAclKeyword(name);
  const expression = keyword === undefined ? word.text : keyword.fetch + word.text.slice(name.length);
  const compiled = compileExpression(expression, word.position, phases, env);
  return compiled && reading(expression, compiled);
}

function reading(expression: string, compiled: CompiledExpression): (ctx: SampleContext) => SeenSample {
  return ctx => ({ expression, value: compiled.string(ctx) });
}

function renderTerm({ negated, name, words }: Term): string {
  const text = words === undefined ? name : `{ ${words.map(renderWord).join(' ')} }`;
  return `${negated ? '!' : ''}${text ?? ''}`;
}

export function renderCondition({ kind, alternatives }: Condition): string {
  return `${kind} ${alternatives.map(terms => terms.map(renderTerm).join(' ')).join(' || ')}`;
}

/** As it may stand in a configuration: quoted where a blank or a special character wants it. */
export function renderWord({ text }: Word): string {
  if (text !== '' && !/[\s"'\\#\p{Cc}]/u.test(text)) return text;
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
  return `"${escaped}"`;
}
