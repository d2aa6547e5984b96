/**
 * `if` and `unless` (manual, section 7.2): an OR of ANDs of ACLs, compiled to one closure. While the bytes of
 * a TCP stream still come a term may be undecided; then the whole condition is, unless the others decide it.
 */
import { didYouMean } from '../config-parser/nearest.ts';
import type { Condition, Term } from '../model/word.ts';
import { linkLines } from './acl-table.ts';
import type { LinkedAcl } from './acl-table.ts';
import { compileAclLine } from './acl-line.ts';
import type { ExactLine } from './acl-line.ts';
import type { CompiledCondition, KeyedTest, Test, TextNeed } from './compiled.ts';
import type { CompileEnvironment } from './environment.ts';
import { fold } from './fold.ts';
import { prefixed } from './prefixed.ts';
import { firstPhase, phaseBits } from './phase.ts';

interface LinkedTerm {
  readonly acl: LinkedAcl;
  readonly negated: boolean;
}

const CONTENT_PHASES = phaseBits([
  'frontend tcp-request content rule',
  'backend tcp-request content rule',
  'backend tcp-response content rule',
  'frontend tcp-response content rule',
]);

const ALL_PHASES = -1;
/** Nothing it looks at exists where the condition runs. */
const NEVER = { constant: false, test: () => false } as const;

export function compileCondition(
  condition: Condition,
  phases: number,
  env: CompileEnvironment,
): CompiledCondition | undefined {
  const { what } = condition;
  const about = what === undefined ? env : prefixed(env, `error detected while parsing ${what} : `);
  const alternatives: LinkedTerm[][] = [];
  let isBroken = false;
  for (const terms of condition.alternatives) {
    const linked = terms.map(term => linkTerm(term, phases, env, about));
    if (linked.every(term => term !== undefined)) alternatives.push(linked);
    else isBroken = true;
  }
  return isBroken ? undefined : build(condition, alternatives, phases);
}

/** Mistakes of the term itself are told to `about`, those of the ACL it names to `env`. */
function linkTerm(
  term: Term,
  phases: number,
  env: CompileEnvironment,
  about: CompileEnvironment,
): LinkedTerm | undefined {
  const acl = findAcl(term, phases, env, about);
  if (acl === undefined) return undefined;
  warnIfUseless(term, acl, phases, env);
  const isUseless = (phases & acl.phases) === 0;
  return { acl: isUseless ? { ...acl, ...NEVER } : acl, negated: term.negated };
}

function findAcl(
  term: Term,
  phases: number,
  env: CompileEnvironment,
  about: CompileEnvironment,
): LinkedAcl | undefined {
  if (term.words !== undefined) {
    const line = compileAclLine(term.words, term.position, phases, about);
    return line && linkLines([line]);
  }
  const name = term.name ?? '';
  const acl = env.acls.find(name, env, phases);
  if (acl === 'broken') return undefined;
  if (acl !== undefined) return acl as LinkedAcl;
  const hint = didYouMean(name, env.acls.names());
  about.report({
    severity: 'alert',
    position: term.position,
    message: `no such ACL : '${name}'.`,
    ...(hint === undefined ? {} : { hint }),
  });
  return undefined;
}

/** HAProxy only warns: such a term never holds. */
function warnIfUseless(term: Term, acl: LinkedAcl, phases: number, env: CompileEnvironment): void {
  const wrong = phases & ~acl.phases;
  if (wrong === 0) return;
  const place = firstPhase(wrong) ?? '';
  const what = term.name === undefined ? 'anonymous acl' : `acl '${term.name}'`;
  const keyword = acl.lines[0]?.chain.fetch.name ?? '';
  env.report({
    severity: 'warning',
    position: term.position,
    message: `${what} will never match because it only involves keywords that are incompatible with '${place}' (${keyword})`,
  });
}

function build(
  condition: Condition,
  alternatives: readonly (readonly LinkedTerm[])[],
  phases: number,
): CompiledCondition {
  const terms = alternatives.flat();
  const isPatient =
    (phases & CONTENT_PHASES) !== 0 && terms.some(({ acl }) => acl.incremental || acl.needsHttp);
  const inverted = condition.kind === 'unless';
  const constant = constantOf(alternatives);
  const polarity = constant === undefined ? undefined : constant !== inverted;
  const test = isPatient ? patientTest(alternatives, inverted) : plainTest(alternatives, inverted);
  return {
    test: polarity === undefined ? test : () => polarity,
    constant: polarity,
    keyed: inverted ? undefined : keyedTest(alternatives),
    needs: inverted || isPatient ? undefined : needsOf(alternatives),
    phases: terms.reduce((bits, { acl }) => bits & acl.phases, ALL_PHASES),
    needsHttp: terms.some(({ acl }) => acl.needsHttp),
  };
}

function constantOfTerm({ acl, negated }: LinkedTerm): boolean | undefined {
  return acl.constant === undefined ? undefined : acl.constant !== negated;
}

function constantOf(alternatives: readonly (readonly LinkedTerm[])[]): boolean | undefined {
  const values = alternatives.map(terms => {
    const constants = terms.map(constantOfTerm);
    if (constants.includes(false)) return false;
    return constants.every(value => value === true) ? true : undefined;
  });
  if (values.includes(true)) return true;
  return values.every(value => value === false) ? false : undefined;
}

/** Terms that always hold fall away. */
function plainTest(alternatives: readonly (readonly LinkedTerm[])[], inverted: boolean): Test {
  const suites = alternatives
    .filter(terms => !terms.some(term => constantOfTerm(term) === false))
    .map(terms => allOf(terms.filter(term => constantOfTerm(term) !== true).map(termTest)));
  const any = anyOf(suites);
  return inverted ? ctx => !any(ctx) : any;
}

function termTest({ acl: { test }, negated }: LinkedTerm): Test {
  return negated ? ctx => !test(ctx) : test;
}

function allOf(tests: readonly Test[]): Test {
  const [first, second, third] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return ctx => first(ctx) && second(ctx);
  return ctx => {
    for (const test of tests) if (!test(ctx)) return false;
    return true;
  };
}

function anyOf(tests: readonly Test[]): Test {
  const [first, second, third] = tests;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (third === undefined) return ctx => first(ctx) || second(ctx);
  return ctx => {
    for (const test of tests) if (test(ctx)) return true;
    return false;
  };
}

/** As bits, so that AND and OR of verdicts are `&` and `|`. */
const FAIL = 0;
const UNDECIDED = 1;
const PASS = 3;
type Verdict = typeof FAIL | typeof UNDECIDED | typeof PASS;
type Evaluate = (ctx: Parameters<Test>[0]) => Verdict;

function patientTest(alternatives: readonly (readonly LinkedTerm[])[], inverted: boolean): Test {
  const suites = alternatives.map(terms => terms.map(patientTerm));
  return ctx => {
    const verdict = evaluate(suites, ctx);
    ctx.needMoreData = verdict === UNDECIDED;
    return verdict !== UNDECIDED && (verdict === PASS) !== inverted;
  };
}

function patientTerm({ acl: { test }, negated }: LinkedTerm): Evaluate {
  return ctx => {
    ctx.needMoreData = false;
    if (test(ctx)) return negated ? FAIL : PASS;
    if (ctx.needMoreData && !ctx.final) return UNDECIDED;
    return negated ? PASS : FAIL;
  };
}

function evaluate(suites: readonly (readonly Evaluate[])[], ctx: Parameters<Test>[0]): Verdict {
  let overall: number = FAIL;
  for (const terms of suites) {
    let suite: number = PASS;
    for (const term of terms) {
      suite &= term(ctx);
      if (suite !== PASS) break;
    }
    overall |= suite;
    if (overall === PASS) break;
  }
  return overall as Verdict;
}

/** What each alternative needs: where one needs nothing that could be named, the condition does not either. */
function needsOf(alternatives: readonly (readonly LinkedTerm[])[]): readonly TextNeed[] | undefined {
  const needs = alternatives
    .filter(terms => !terms.some(term => constantOfTerm(term) === false))
    .map(terms => needsOfTerms(terms.filter(term => constantOfTerm(term) !== true)));
  return needs.every(need => need !== undefined) ? needs.flat() : undefined;
}

/** Of the first term that has any; those in front of it would have been asked, so they must be such that it is no matter. */
function needsOfTerms(terms: readonly LinkedTerm[]): readonly TextNeed[] | undefined {
  for (const { acl, negated } of terms) {
    const needs = acl.lines.map(line => line.need);
    if (!negated && needs.every(need => need !== undefined)) return needs;
    if (!acl.lines.every(line => line.chain.pure)) return undefined;
  }
  return undefined;
}

/** One positive term over exact strings. */
function keyedTest(alternatives: readonly (readonly LinkedTerm[])[]): KeyedTest | undefined {
  const [terms] = alternatives;
  const [term] = terms ?? [];
  if (alternatives.length !== 1 || terms?.length !== 1 || term === undefined || term.negated)
    return undefined;
  const lines = term.acl.lines.map(line => line.exact);
  const [first] = lines;
  if (first === undefined || !lines.every(line => line?.key === first.key)) return undefined;
  const sets = (lines as ExactLine[]).flatMap(line => line.sets);
  return {
    key: first.key,
    ignoreCase: first.ignoreCase,
    values: () => {
      const keys = sets.flatMap(set => set.list.entries().map(entry => entry.key));
      return first.ignoreCase ? keys.map(fold) : keys;
    },
    watch: changed => {
      for (const set of sets) set.list.watch(changed);
    },
    each: first.each,
  };
}
