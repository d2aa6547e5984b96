/** Maps and ACLs: shown, looked into, changed, replaced as a whole by versions (management manual, `show map`). */
import { castBetween } from '../../acl/cast.ts';
import { METHOD_TYPES, type MatchMethod } from '../../acl/match/method.ts';
import type { PatternEntry } from '../../acl/match/pattern.ts';
import { replacing } from '../../acl/pattern-changes.ts';
import type { PatternList, PatternPair } from '../../acl/pattern-list.ts';
import type { PatternSet } from '../../acl/pattern-set.ts';
import { typeName } from '../../acl/plain-sample.ts';
import type { Value } from '../../acl/sample.ts';
import { dump, fail, say, type Answer, type Call, type Command, type Message } from '../command.ts';
import type { Found } from '../find.ts';

type Kind = 'map' | 'acl';

const LABEL: Readonly<Record<Kind, string>> = { map: 'map', acl: 'ACL' };

function unknown(kind: Kind): { readonly wrong: Message } {
  return { wrong: fail(`Unknown ${LABEL[kind]} identifier. Please use #<id> or <file>.`) };
}

/** By number or file name; `strict`: only if it is used as that kind. */
function findList({ runtime }: Call, name: string, kind: Kind, strict: boolean): Found<PatternList> {
  const list = name === '' ? undefined : runtime.patterns.find(name);
  if (list === undefined || (strict && !list.isUsedBy(kind))) return unknown(kind);
  return { found: list };
}

/** `@<ver>` may stand before the name. */
interface Named {
  readonly version: number | undefined;
  /** Place of the name. */
  readonly at: number;
}

function named({ args }: Call): Named {
  const word = args.at(2);
  return word.startsWith('@') ? { version: Number(word.slice(1)), at: 3 } : { version: undefined, at: 2 };
}

/** What `show map` calls an entry; it is good for `set map` and `del map`. */
function reference({ id }: PatternEntry): string {
  return `0x${id.toString(16).padStart(8, '0')}`;
}

const REFERENCE = /^#0x/;

function byReference(list: PatternList, word: string): PatternEntry | undefined | 'malformed' {
  const id = /^#0x([0-9a-fA-F]+)$/.exec(word)?.[1];
  return id === undefined ? 'malformed' : list.findById(Number.parseInt(id, 16));
}

/** Its place among the entries of the same key: what the threads know it by. */
function placeOf(list: PatternList, entry: PatternEntry): number {
  return list
    .entries()
    .filter(({ key }) => key === entry.key)
    .indexOf(entry);
}

// show

function show(kind: Kind): Command['run'] {
  return call => {
    if (call.args.at(2) === '') return dump(overview(call, kind));
    const { version, at } = named(call);
    const list = findList(call, call.args.at(at), kind, true);
    return 'wrong' in list ? list.wrong : dump(entriesOf(list.found, version));
  };
}

function* overview({ runtime }: Call, kind: Kind): Generator<string> {
  yield '# id (file) description\n';
  const shown = new Set<string>();
  for (const list of runtime.patterns.lists()) {
    // an ACL line compiled for several proxies or directions is one list to the user
    if (!list.isUsedBy(kind) || shown.has(list.key)) continue;
    shown.add(list.key);
    const versions = `curr_ver=${list.version} next_ver=${list.nextVersion}`;
    yield `${list.id} (${list.name}) ${describe(list)}. ${versions} entry_cnt=${list.entries().length}\n`;
  }
}

/** Where it is used: the first use in full, of the others who and where. */
function describe({ displays }: PatternList): string {
  const [first = '', ...others] = [...new Set(displays)];
  return [first, ...others.map(display => display.replace(/^.* used (?=by )/, ''))].join(', ');
}

function* entriesOf(list: PatternList, version: number | undefined): Generator<string> {
  for (const entry of list.entries(version)) {
    const value = entry.value === undefined ? '' : ` ${entry.value}`;
    yield `${reference(entry)} ${entry.key}${value}\n`;
  }
}

// get

const METHOD_NAMES: Readonly<Partial<Record<MatchMethod, string>>> = {
  dotted: 'int',
  meth: 'str',
  regm: 'reg',
};
const TREES = new Set<MatchMethod>(['str', 'beg', 'ip']);

function lookUp(kind: Kind): Command['run'] {
  return call => {
    const [name, text] = [call.args.at(2), call.args.at(3)];
    if (name === '' || text === '') return fail(`Missing ${LABEL[kind]} identifier and/or key.`);
    const list = findList(call, name, kind, false);
    if ('wrong' in list) return list.wrong;
    return dump(list.found.sets.map(set => `${lookUpIn(set, text, kind)}\n`));
  };
}

function lookUpIn(set: PatternSet, text: string, kind: Kind): string {
  const head = `type=${METHOD_NAMES[set.method] ?? set.method}, case=${set.ignoreCase ? 'insensitive' : 'sensitive'}`;
  const value = asTypeOf(set.method, text);
  const found = value === undefined ? undefined : set.find(value);
  const verb = kind === 'map' ? 'found' : 'match';
  if (found === undefined) return `${head}, ${verb}=no`;
  const index = TREES.has(set.method) && !set.ignoreCase ? 'tree' : 'list';
  const { entry, data } = found;
  if (kind === 'acl') return `${head}, match=yes, idx=${index}, pattern="${entry.key}"`;
  const result =
    data === undefined || entry.value === undefined
      ? 'value=none'
      : `value="${entry.value}", type="${typeName(data)}"`;
  return `${head}, found=yes, idx=${index}, key="${entry.key}", ${result}`;
}

function asTypeOf(method: MatchMethod, text: string): Value | undefined {
  const type = METHOD_TYPES[method];
  return type === 'str' ? text : castBetween('str', type)?.(text);
}

// add

function addMap(call: Call): Answer | Promise<Answer> {
  const { args, payload } = call;
  const { version, at } = named(call);
  const [name, key, value] = [args.at(at), args.at(at + 1), args.at(at + 2)];
  if (name === '' || (payload === undefined && (key === '' || value === '')))
    return fail(
      `'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload`,
    );
  const list = findList(call, name, 'map', false);
  if ('wrong' in list) return list.wrong;
  const pairs = payload === undefined ? [[key, value] as const] : pairsOf(payload);
  return typeof pairs === 'string' ? fail(pairs) : addAll(call, list.found, pairs, version, 'map');
}

/** One key a line, its value behind it. */
function pairsOf(payload: string): (readonly [string, string])[] | string {
  const pairs: (readonly [string, string])[] = [];
  for (const line of payload.split('\n')) {
    if (line === '') continue;
    const [, key = '', value] = /^([^ \t]*)(?:[ \t]+(.*))?$/.exec(line) ?? [];
    if (value === undefined) return `Missing value for key '${key}'.`;
    pairs.push([key, value]);
  }
  return pairs;
}

function addAcl(call: Call): Answer | Promise<Answer> {
  const { args, payload } = call;
  const { version, at } = named(call);
  const [name, key] = [args.at(at), args.at(at + 1)];
  if (name === '' || (payload === undefined && key === ''))
    return fail(`'add acl' expects two parameters: ACL identifier and pattern.`);
  const list = findList(call, name, 'acl', false);
  if ('wrong' in list) return list.wrong;
  if (list.found.isMap)
    return fail(
      `This ACL is shared with a map containing samples. You must use the command 'add map' to add values.`,
    );
  const keys = payload === undefined ? [key] : payload.split('\n').filter(line => line !== '');
  return addAll(
    call,
    list.found,
    keys.map(one => [one, undefined] as const),
    version,
    'acl',
  );
}

async function addAll(
  { runtime }: Call,
  list: PatternList,
  pairs: readonly PatternPair[],
  version: number | undefined,
  kind: Kind,
): Promise<Answer> {
  if (version !== undefined && !(version <= list.nextVersion))
    return fail(`Version number in the future, please use 'prepare ${kind}' before.`);
  let [added, wrong]: [number, string | undefined] = [0, undefined];
  for (const [key, value] of pairs) {
    wrong = list.add(key, value, version === undefined ? {} : { version });
    if (wrong !== undefined) break;
    added++;
  }
  // what is under preparation stays in this thread until it is committed
  if (added > 0 && (version === undefined || version === list.version))
    await runtime.patternsChanged(list, [{ kind: 'add', list: list.key, entries: pairs.slice(0, added) }]);
  return wrong === undefined ? undefined : fail(`${wrong}.`);
}

// set, del, clear

async function setMap(call: Call): Promise<Answer> {
  const { args, runtime } = call;
  const [name, key, value] = [args.at(2), args.at(3), args.at(4)];
  if (name === '' || key === '' || value === '')
    return fail(`'set map' expects three parameters: map identifier, key and value.`);
  const found = findList(call, name, 'map', false);
  if ('wrong' in found) return found.wrong;
  const list = found.found;
  const entry = REFERENCE.test(key) ? byReference(list, key) : undefined;
  if (entry === 'malformed') return fail('Malformed identifier. Please use #<id> or <file>.');
  const nth = entry === undefined ? undefined : placeOf(list, entry);
  const wrong = entry === undefined ? list.set(key, value) : list.setById(entry.id, value);
  if (wrong !== undefined) return fail(`${wrong}.`);
  const change = { kind: 'set', list: list.key, key: entry?.key ?? key, value } as const;
  await runtime.patternsChanged(list, [nth === undefined ? change : { ...change, nth }]);
  return undefined;
}

function remove(kind: Kind): Command['run'] {
  return async call => {
    const { args, runtime } = call;
    const [name, key] = [args.at(2), args.at(3)];
    if (name === '' || key === '')
      return fail(`This command expects two parameters: ${LABEL[kind]} identifier and key.`);
    const found = findList(call, name, kind, true);
    // HAProxy calls ACLs maps here
    if ('wrong' in found) return fail('Unknown map identifier. Please use #<id> or <file>.');
    const list = found.found;
    const entry = REFERENCE.test(key) ? byReference(list, key) : undefined;
    if (entry === 'malformed') return fail('Malformed identifier. Please use #<id> or <file>.');
    const nth = entry === undefined ? undefined : placeOf(list, entry);
    const isGone = entry === undefined ? list.remove(key) > 0 : list.removeById(entry.id);
    if (!isGone) return fail('Key not found.');
    const change = { kind: 'remove', list: list.key, key: entry?.key ?? key } as const;
    await runtime.patternsChanged(list, [nth === undefined ? change : { ...change, nth }]);
    return undefined;
  };
}

function clear(kind: Kind): Command['run'] {
  return async call => {
    const { version, at } = named(call);
    if (call.args.at(at) === '') return fail(`Missing ${LABEL[kind]} identifier.`);
    const list = findList(call, call.args.at(at), kind, true);
    if ('wrong' in list) return list.wrong;
    list.found.clear(version);
    if (version === undefined || version === list.found.version)
      await call.runtime.patternsChanged(list.found, [replacing(list.found, 'clear')]);
    return undefined;
  };
}

// versions

function prepare(kind: Kind): Command['run'] {
  return call => {
    const list = findList(call, call.args.at(2), kind, true);
    return 'wrong' in list ? list.wrong : say(`New version created: ${list.found.prepare()}`);
  };
}

function commit(kind: Kind): Command['run'] {
  return async call => {
    const { args } = call;
    if (!args.at(2).startsWith('@')) return fail('Missing version number.');
    if (args.at(3) === '') return fail(`Missing ${LABEL[kind]} identifier.`);
    const list = findList(call, args.at(3), kind, true);
    if ('wrong' in list) return list.wrong;
    const version = Number(args.at(2).slice(1));
    const isPrepared = version > list.found.version && version <= list.found.nextVersion;
    const wrong = isPrepared ? list.found.commit(version) : 'Version number out of range.';
    if (wrong !== undefined) return fail(wrong);
    await call.runtime.patternsChanged(list.found, [replacing(list.found, 'commit')]);
    return undefined;
  };
}

function rows(kind: Kind): Command[] {
  const id = `<${kind}>`;
  const one = kind === 'acl' ? 'an ACL' : 'a map';
  return [
    {
      words: `show ${kind}`,
      args: `[@<ver>] [${id}]`,
      summary: `${kind}s, or the entries of one`,
      level: 'admin',
      run: show(kind),
    },
    {
      words: `get ${kind}`,
      args: `${id} <value>`,
      summary: `what a value finds in ${one}`,
      level: 'admin',
      run: lookUp(kind),
    },
    {
      words: `del ${kind}`,
      args: `${id} [<key>|#<ref>]`,
      summary: `removes entries of ${one}`,
      level: 'admin',
      run: remove(kind),
    },
    {
      words: `clear ${kind}`,
      args: `[@<ver>] ${id}`,
      summary: `removes all entries of ${one}`,
      level: 'admin',
      run: clear(kind),
    },
    {
      words: `prepare ${kind}`,
      args: id,
      summary: `begins a new version of ${one}`,
      level: 'admin',
      run: prepare(kind),
    },
    {
      words: `commit ${kind}`,
      args: `@<ver> ${id}`,
      summary: `makes a version of ${one} the visible one`,
      level: 'admin',
      run: commit(kind),
    },
  ];
}

export const MAP_COMMANDS: readonly Command[] = [
  ...rows('map'),
  ...rows('acl'),
  {
    words: 'add map',
    args: '[@<ver>] <map> <key> <val>',
    summary: 'adds an entry, or those of a payload',
    level: 'admin',
    run: addMap,
  },
  {
    words: 'add acl',
    args: '[@<ver>] <acl> <pattern>',
    summary: 'adds a pattern',
    level: 'admin',
    run: addAcl,
  },
  {
    words: 'set map',
    args: '<map> [<key>|#<ref>] <value>',
    summary: 'changes the value of entries',
    level: 'admin',
    run: setMap,
  },
];
