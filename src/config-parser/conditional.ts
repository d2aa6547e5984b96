/**
 * The expressions of `.if`, `.elif` and the option -cc (manual, section 2.4): read by
 * grammar/conditional.peggy, evaluated here.
 */
import type { ConditionTree } from './ast.ts';
import { COMPATIBLE_VERSION, FEATURES, compareVersions } from './compatibility.ts';
import type { Lookup } from './environment.ts';
import { parse as parseExpression, SyntaxError as GrammarError } from './grammar/generated/conditional.js';

type Evaluation =
  | { readonly value: boolean; readonly error?: undefined }
  /** `offset` is where in the expression the reader got lost, from 0. */
  | { readonly value?: undefined; readonly error: string; readonly offset: number };

interface Predicate {
  readonly args: number;
  /** Undefined: the arguments make no sense to it. */
  readonly evaluate: (args: readonly string[], lookup: Lookup) => boolean | undefined;
}

const OPENSSL_VERSION = process.versions.openssl ?? '';

/** What `.if enabled(NAME)` answers true for. */
const ENABLED: ReadonlySet<string> = new Set([
  'POLL',
  'EPOLL',
  'GETADDRINFO',
  'REUSEPORT',
  'FAST-FORWARD',
  'SPLICE',
]);

/** Components of 8 bits; a letter behind them is a patch level (1.1.1k). */
function compareOpenssl(version: string): number | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+)([a-z]?))?/.exec(version);
  return match === null ? undefined : compareVersions(version, OPENSSL_VERSION);
}

const PREDICATES: Readonly<Record<string, Predicate>> = {
  defined: { args: 1, evaluate: ([name = ''], lookup) => lookup(name) !== undefined },
  feature: { args: 1, evaluate: ([name = '']) => FEATURES.has(name) },
  streq: { args: 2, evaluate: ([left, right]) => left === right },
  strneq: { args: 2, evaluate: ([left, right]) => left !== right },
  strstr: { args: 2, evaluate: ([text = '', part = '']) => text.includes(part) },
  version_atleast: {
    args: 1,
    evaluate: ([version = '']) => compareVersions(version, COMPATIBLE_VERSION) <= 0,
  },
  version_before: {
    args: 1,
    evaluate: ([version = '']) => compareVersions(version, COMPATIBLE_VERSION) > 0,
  },
  openssl_version_atleast: {
    args: 1,
    evaluate: ([version = '']) => {
      const order = compareOpenssl(version);
      return order === undefined ? undefined : order <= 0;
    },
  },
  openssl_version_before: {
    args: 1,
    evaluate: ([version = '']) => {
      const order = compareOpenssl(version);
      return order === undefined ? undefined : order > 0;
    },
  },
  ssllib_name_startswith: {
    args: 1,
    evaluate: ([name = '']) => `OpenSSL ${OPENSSL_VERSION}`.startsWith(name),
  },
  awslc_api_atleast: { args: 1, evaluate: () => undefined },
  awslc_api_before: { args: 1, evaluate: () => undefined },
  enabled: { args: 1, evaluate: ([name = '']) => ENABLED.has(name) },
};

/** Nesting that no configuration needs but that would exhaust the stack. */
const MAX_PARENTHESES = 256;

function fail(error: string, offset: number): Evaluation {
  return { error, offset };
}

type PredicateTree = ConditionTree & { kind: 'predicate' };

function checkPredicate({ name, args, offset }: PredicateTree): Evaluation | undefined {
  const predicate = Object.hasOwn(PREDICATES, name) ? PREDICATES[name] : undefined;
  if (predicate === undefined) return fail(`unparsable conditional expression '${name}'`, offset);
  const where = `of predicate '${name}' used in conditional expression`;
  if (args.length > predicate.args)
    return fail(`expected ')' before ',' in argument ${predicate.args} ${where}`, offset);
  const given = Math.max(1, args.length);
  if (given >= predicate.args) return undefined;
  const missing = `missing arguments (got ${given}/${predicate.args}), type 'string' expected`;
  return fail(`${missing} in argument ${given + 1} ${where}`, offset);
}

/** Unknown predicates and wrong numbers of arguments are errors wherever they stand. */
function findMistake(tree: ConditionTree): Evaluation | undefined {
  switch (tree.kind) {
    case 'constant':
      return undefined;
    case 'predicate':
      return checkPredicate(tree);
    case 'not':
      return findMistake(tree.term);
    case 'or':
    case 'and':
      return tree.terms.map(findMistake).find(mistake => mistake !== undefined);
  }
}

function evaluatePredicate({ name, args, offset }: PredicateTree, lookup: Lookup): Evaluation {
  const value = PREDICATES[name]?.evaluate(args, lookup);
  if (value !== undefined) return { value };
  return fail(`invalid argument to conditional expression predicate '${name}': '${args[0]}'`, offset);
}

/** Stops at the term that decides, so that `ssllib_name_startswith(AWS-LC) && awslc_api_atleast(35)` works. */
function evaluateTerms(tree: ConditionTree & { kind: 'or' | 'and' }, lookup: Lookup): Evaluation {
  const deciding = tree.kind === 'or';
  for (const term of tree.terms) {
    const one = evaluate(term, lookup);
    if (one.error !== undefined || one.value === deciding) return one;
  }
  return { value: !deciding };
}

function evaluate(tree: ConditionTree, lookup: Lookup): Evaluation {
  switch (tree.kind) {
    case 'constant':
      return { value: tree.value };
    case 'predicate':
      return evaluatePredicate(tree, lookup);
    case 'not': {
      const inner = evaluate(tree.term, lookup);
      return inner.error === undefined ? { value: !inner.value } : inner;
    }
    case 'or':
    case 'and':
      return evaluateTerms(tree, lookup);
  }
}

/** An empty expression is false. */
export function evaluateConditional(expression: string, lookup: Lookup): Evaluation {
  if (expression === '') return { value: false };
  if (expression.split('(').length > MAX_PARENTHESES)
    return fail(`unparsable conditional expression: more than ${MAX_PARENTHESES} parentheses`, 0);
  try {
    const tree = parseExpression(expression) as ConditionTree;
    return findMistake(tree) ?? evaluate(tree, lookup);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return fail(error.message, error.location.start.offset);
  }
}
