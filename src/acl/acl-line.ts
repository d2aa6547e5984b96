/**
 * One ACL line or anonymous ACL, words -> test (manual, section 7.1): criterion, flags, patterns. A fetch with
 * several occurrences matches when one of them does.
 */
import { didYouMean } from '../config-parser/nearest.ts';
import type { Userlist } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import { parseAclFlags } from './acl-flags.ts';
import type { AclFlags } from './acl-flags.ts';
import { aclKeywordNames, findAclKeyword } from './acl-keywords.ts';
import type { AclKeyword } from './acl-keywords.ts';
import { isMistake } from './arguments.ts';
import { castBetween } from './cast.ts';
import { fetchNames, fetchRow } from './catalog.ts';
import type { TextNeed } from './compiled.ts';
import type { SampleContext } from './context.ts';
import type { CompileEnvironment } from './environment.ts';
import { bindAs, compileChain } from './expression.ts';
import type { Chain, MistakeWithHint } from './expression.ts';
import { lowerCase } from './fold.ts';
import { literalOf } from './match/literal.ts';
import { defaultMethod, METHOD_TYPES } from './match/method.ts';
import type { MatchMethod } from './match/method.ts';
import { rewriteOperators } from './operators.ts';
import type { PatternList } from './pattern-list.ts';
import type { PatternSet } from './pattern-set.ts';
import { placeText } from './place-text.ts';
import { compileRegex, isRegexMistake, limitWarning } from './regex/regex.ts';
import type { Value } from './sample.ts';

export interface CompiledLine {
  readonly test: (ctx: SampleContext) => boolean;
  readonly chain: Chain;
  readonly constant: boolean | undefined;
  /** For rules keyed by exact strings: what is looked up where. */
  readonly exact: ExactLine | undefined;
  /** What a sample has to contain; undefined: nothing that could be named. */
  readonly need: TextNeed | undefined;
}

export interface ExactLine {
  /** Equal for equal fetches and case rules. */
  readonly key: string;
  readonly ignoreCase: boolean;
  readonly sets: readonly PatternSet[];
  readonly each: (ctx: SampleContext, visit: (value: string) => boolean) => void;
}

/** Undefined: reported. */
export function compileAclLine(
  words: readonly Word[],
  at: Position,
  phases: number,
  env: CompileEnvironment,
): CompiledLine | undefined {
  const criterion = words[0];
  if (criterion === undefined) return fail(env, at, 'missing fetch method in ACL expression');
  const keyword = findAclKeyword(nameOf(criterion.text));
  const text =
    keyword === undefined ? criterion.text : keyword.fetch + criterion.text.slice(keyword.name.length);
  const chain = compileChain(text, phases, env, criterion.position);
  if (isMistake(chain)) {
    const message =
      keyword === undefined ? `${chain.error} in ACL expression '${criterion.text}'` : chain.error;
    return fail(env, criterion.position, message, hintFor(criterion, chain));
  }
  const flags = parseAclFlags(words.slice(1));
  if ('error' in flags) return fail(env, flags.at.position, flags.error);
  return compileMatch(criterion, keyword, chain, flags, env);
}

/** Where a fetch stands in an ACL, the words that only ACLs know may have been meant, too. */
function hintFor(criterion: Word, { hint }: MistakeWithHint): string | undefined {
  const name = nameOf(criterion.text);
  return fetchRow(name) === undefined ? didYouMean(name, [...fetchNames(), ...aclKeywordNames()]) : hint;
}

function nameOf(criterion: string): string {
  return /^[A-Za-z0-9_.:+-]*/.exec(criterion)?.[0] ?? '';
}

function fail(env: CompileEnvironment, position: Position, message: string, hint?: string): undefined {
  env.report({ severity: 'alert', position, message, ...(hint === undefined ? {} : { hint }) });
  return undefined;
}

function compileMatch(
  criterion: Word,
  keyword: AclKeyword | undefined,
  chain: Chain,
  flags: AclFlags,
  env: CompileEnvironment,
): CompiledLine | undefined {
  const { position } = criterion;
  const builtIn = keyword !== undefined && !chain.converted ? keyword.method : undefined;
  if (builtIn === 'group' && flags.method === undefined) return compileGroup(criterion, chain, flags, env);
  const method = flags.method ?? (builtIn === 'group' ? undefined : builtIn) ?? defaultMethod(chain.type);
  if (method === undefined)
    return fail(
      env,
      position,
      `matching method must be specified first (using '-m') when using a sample fetch of this type ('${chain.fetch.name}')`,
    );
  if (method !== 'found' && castBetween(chain.type, METHOD_TYPES[method]) === undefined)
    return fail(
      env,
      position,
      `matching method '${method}' cannot be used with fetch keyword '${chain.fetch.name}'`,
    );
  warnOverwritten(criterion, keyword?.method, flags, env);
  warnWithoutPatterns(criterion, chain, flags, env);
  if (method === 'found') return foundLine(chain);
  if (method === 'bool') return boolLine(chain);
  const sets = openSets(criterion, method, flags, env);
  return sets === undefined ? undefined : patternLine(chain, method, sets, flags);
}

/** What words of ACLs say by their name. */
const SAYS_HOW: ReadonlySet<AclKeyword['method']> = new Set([
  'beg',
  'dir',
  'dom',
  'end',
  'len',
  'reg',
  'sub',
  'meth',
  'group',
] as const);

/** `path_beg -m str`, `method -m str`: a word that says how it matches, and another way behind it. */
function warnOverwritten(
  criterion: Word,
  own: AclKeyword['method'] | undefined,
  { method }: AclFlags,
  env: CompileEnvironment,
): void {
  if (own === undefined || !SAYS_HOW.has(own) || method === undefined || method === own) return;
  env.report({
    severity: 'warning',
    position: criterion.position,
    message: `original matching method '${nameOf(criterion.text)}' was overwritten and will not be applied as expected.`,
  });
}

function warnWithoutPatterns(criterion: Word, chain: Chain, flags: AclFlags, env: CompileEnvironment): void {
  if (flags.any || flags.patterns.length > 0 || chain.type === 'bool') return;
  env.report({
    severity: 'warning',
    position: criterion.position,
    message:
      `parsing acl keyword '${criterion.text}' : no pattern to match against were provided, so this ACL will never match. ` +
      "If this is what you intended, please add '--' to get rid of this warning. " +
      "If you intended to match only for existence, please use '-m found'. " +
      "If you wanted to force an int to match as a bool, please use '-m bool'.",
  });
}

function foundLine(chain: Chain): CompiledLine {
  const { get, each } = chain;
  return {
    chain,
    exact: undefined,
    need: undefined,
    constant: chain.constant ? get(NO_CONTEXT) !== undefined : undefined,
    test: each === undefined ? ctx => get(ctx) !== undefined : ctx => each(ctx, () => true),
  };
}

/** A constant chain never looks at its context. */
const NO_CONTEXT = undefined as unknown as SampleContext;

function boolLine(chain: Chain): CompiledLine {
  const get = bindAs(chain, 'bool');
  return {
    chain,
    exact: undefined,
    need: undefined,
    constant: chain.constant ? get(NO_CONTEXT) === true : undefined,
    test: withOccurrences(chain, 'bool', value => value === true),
  };
}

/** Tests one sample, or all occurrences until one passes. */
function withOccurrences(
  chain: Chain,
  type: 'bool' | 'int' | 'addr' | 'bin' | 'str',
  pass: (value: Value) => boolean,
): (ctx: SampleContext) => boolean {
  const { each } = chain;
  if (each === undefined) {
    const get = bindAs(chain, type);
    return ctx => {
      const value = get(ctx);
      return value !== undefined && pass(value);
    };
  }
  const cast = castBetween(chain.type, type) ?? (() => undefined);
  if (chain.type === type) return ctx => each(ctx, pass);
  return ctx =>
    each(ctx, value => {
      const converted = cast(value);
      return converted !== undefined && pass(converted);
    });
}

/** The sets of the files, then the one of the patterns on the line. */
function openSets(
  criterion: Word,
  method: MatchMethod,
  flags: AclFlags,
  env: CompileEnvironment,
): PatternSet[] | undefined {
  const sets: PatternSet[] = [];
  const where = placeText(criterion.position);
  for (const { name, ignoreCase } of flags.files) {
    const list = env.patterns.open(
      name.text,
      'acl',
      flags.asMap,
      `pattern loaded from file '${name.text}' used by acl at ${where}`,
    );
    const set = typeof list === 'string' ? list : list.setFor(method, ignoreCase, undefined, flags.resolves);
    if (typeof set === 'string') return fail(env, name.position, set);
    sets.push(set);
  }
  const display = `acl '${nameOf(criterion.text)}' ${where}`;
  const key = [display, ...flags.patterns.map(word => word.text)].join(' ');
  const list = env.patterns.createLine(display, flags.id, key);
  if (typeof list === 'string') return fail(env, criterion.position, list);
  const set = list.setFor(method, flags.ignoreCase, undefined, flags.resolves);
  if (typeof set === 'string') return fail(env, criterion.position, set);
  sets.push(set);
  if (!addPatterns(list, method, flags.patterns, env)) return undefined;
  env.patterns.complete(list);
  if (method === 'reg') warnOfLimits(flags.patterns, env);
  return sets;
}

function addPatterns(
  list: PatternList,
  method: MatchMethod,
  patterns: readonly Word[],
  env: CompileEnvironment,
): boolean {
  const isNumber = method === 'int' || method === 'len' || method === 'dotted';
  const rewritten = isNumber ? rewriteOperators(patterns, method === 'dotted') : patterns;
  if ('error' in rewritten) {
    fail(env, rewritten.at.position, rewritten.error);
    return false;
  }
  for (const word of rewritten) {
    const wrong = list.add(word.text);
    if (wrong === undefined) continue;
    fail(env, word.position, wrong);
    return false;
  }
  return true;
}

/** Patterns on the line only: those of files change while running. */
function warnOfLimits(patterns: readonly Word[], env: CompileEnvironment): void {
  for (const { text, position } of patterns) {
    const regex = compileRegex(text);
    const message = isRegexMistake(regex) ? undefined : limitWarning(regex);
    if (message !== undefined) env.report({ severity: 'warning', position, message });
  }
}

function patternLine(
  chain: Chain,
  method: MatchMethod,
  sets: readonly PatternSet[],
  flags: AclFlags,
): CompiledLine {
  const { ignoreCase } = flags;
  const type = METHOD_TYPES[method] as 'int' | 'addr' | 'bin' | 'str';
  const only = sets.length === 1 ? sets[0] : undefined;
  const pass =
    only === undefined
      ? (value: Value) => sets.some(set => set.test(value))
      : (value: Value) => only.test(value);
  return {
    chain,
    constant: undefined,
    test: withOccurrences(chain, type, pass),
    exact:
      method === 'str' && sets.every(set => set.ignoreCase === ignoreCase)
        ? exactLine(chain, sets, ignoreCase)
        : undefined,
    need: only === undefined || flags.files.length > 0 ? undefined : needOf(chain, method, only),
  };
}

/** Of patterns that stand on the line: files may be large, and change all the time. */
function needOf(chain: Chain, method: MatchMethod, { list, ignoreCase }: PatternSet): TextNeed | undefined {
  if (!chain.pure || chain.type !== 'str') return undefined;
  return {
    sample: chain.text,
    literals: () => {
      const literals = list.entries().map(({ key }) => literalOf(method, key, ignoreCase));
      return literals.every(literal => literal !== undefined) ? literals : undefined;
    },
    watch: changed => list.watch(changed),
    reader: visit =>
      withOccurrences(chain, 'str', value => {
        visit(value as string);
        return false;
      }),
  };
}

function exactLine(chain: Chain, sets: readonly PatternSet[], ignoreCase: boolean): ExactLine {
  return {
    key: `${ignoreCase ? 'i' : 's'} ${chain.text}`,
    ignoreCase,
    sets,
    each: (ctx, visit) => {
      withOccurrences(chain, 'str', value =>
        visit(ignoreCase ? lowerCase(value as string) : (value as string)),
      )(ctx);
    },
  };
}

/** `http_auth_group(list) g1 g2`: the user is in one of the groups. */
function compileGroup(
  criterion: Word,
  chain: Chain,
  flags: AclFlags,
  env: CompileEnvironment,
): CompiledLine | undefined {
  const name = /\(([^,)]*)/.exec(criterion.text)?.[1] ?? '';
  const userlist = env.directory.userlist(name);
  if (userlist === undefined) return fail(env, criterion.position, `unable to find userlist '${name}'`);
  if (flags.patterns.length === 0) return fail(env, criterion.position, 'no groups specified.');
  const groups = new Set<string>();
  for (const word of flags.patterns) {
    if (!userlist.groups.some(group => group.name === word.text))
      return fail(env, word.position, `invalid group '${word.text}'.`);
    groups.add(word.text);
  }
  const members = membersOf(userlist, groups);
  return {
    chain,
    constant: undefined,
    exact: undefined,
    need: undefined,
    test: withOccurrences(chain, 'str', value => members.has(value as string)),
  };
}

function membersOf(userlist: Userlist, groups: ReadonlySet<string>): ReadonlySet<string> {
  const fromUsers = userlist.users.filter(user => user.groups.some(group => groups.has(group)));
  const fromGroups = userlist.groups.filter(group => groups.has(group.name)).flatMap(group => group.users);
  return new Set([...fromUsers.map(user => user.name), ...fromGroups]);
}
