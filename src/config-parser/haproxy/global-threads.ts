/** Keywords of the `global` section about threads and the processors they run on (manual, section 3.1). */
import type { Word } from '../../model/word.ts';
import { integer, text } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { isSpreadEvenly } from '../processor-set.ts';
import type { GlobalDraft } from './global-draft.ts';
import { flag, kept, setting } from './global-rows.ts';
import type { GlobalKeyword } from './global-rows.ts';

const MAX_THREADS = 1024;
const MAX_GROUPS = 32;
const CPU_NUMBERS = /^(all|odd|even|\d+(-\d*)?)(,(all|odd|even|\d+(-\d*)?))*$/;
const THREAD_SET = /^(auto:)?(all|odd|even|\d+(-\d*)?)(\/(all|odd|even|\d+(-\d*)?))?$/;

/** One word of a few, and what may follow each. */
function choice(args: string, most: number, follows: Readonly<Record<string, readonly string[]>>): Shape {
  return {
    args,
    arity: [1, most],
    read: ([first, ...rest], name, context) => {
      const word = (first as Word).text;
      const allowed = follows[word];
      const added = rest.map(({ text: one }) => one).join(' ');
      if (allowed !== undefined && (added === '' || allowed.includes(added))) return word;
      const expects = allowed === undefined ? Object.keys(follows) : allowed;
      const what = allowed === undefined ? `unknown value '${word}'` : `'${word}' followed by '${added}'`;
      const list = expects.length === 0 ? 'nothing behind it' : `one of ${expects.join(', ')}`;
      context.alert(first as Word, `'${name}' : ${what}, expects ${list}.`);
      return undefined;
    },
  };
}

const CPU_AFFINITY = choice('<affinity> [<option>]', 2, {
  'per-core': [],
  'per-group': ['loose', 'auto'],
  'per-thread': [],
  'per-ccx': [],
  auto: [],
});

const POLICIES =
  'none performance group-by-ccx group-by-2-ccx group-by-3-ccx group-by-4-ccx group-by-cluster group-by-2-clusters group-by-3-clusters group-by-4-clusters efficiency resource first-usable-node'.split(
    ' ',
  );
const THREADS_PER_CORE = ['threads-per-core 1', 'threads-per-core auto'];

const CPU_POLICY = choice(
  '<policy> [threads-per-core { 1 | auto }]',
  3,
  Object.fromEntries(POLICIES.map(policy => [policy, THREADS_PER_CORE])),
);

const THREAD_GROUP: Shape = {
  args: '<group> [<thread-range> ...]',
  arity: [1, 64],
  read: ([group, ...ranges], name, context) => {
    const number = integer(1, MAX_GROUPS).read([group as Word], name, context);
    const bad = ranges.find(({ text: range }) => !/^\d+(-\d+)?$/.test(range));
    if (bad !== undefined)
      context.alert(bad, `'${name}' expects numbers and ranges of threads, found '${bad.text}'.`);
    return bad === undefined ? number : undefined;
  },
};

function setNbproc(draft: GlobalDraft, value: number, context: LineContext): void {
  draft.nbproc = value;
  const threads = `${value} thread${value === 1 ? '' : 's'}`;
  context.warn(
    context.position,
    `nbproc is not supported any more since HAProxy 2.5: it is read as 'nbthread ${value}' (${threads}).`,
  );
}

function checkCpuMap(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  const [threads, ...cpus] = words as [Word, ...Word[]];
  if (!THREAD_SET.test(threads.text))
    context.alert(
      threads,
      `'cpu-map' expects a thread set ('all', 'odd', 'even', a number or a range), found '${threads.text}'.`,
    );
  const bad = cpus.find(word => !CPU_NUMBERS.test(word.text));
  if (bad !== undefined) context.alert(bad, `'cpu-map' expects CPU numbers and ranges, found '${bad.text}'.`);
  else if (
    !isSpreadEvenly(
      threads.text,
      cpus.map(({ text: set }) => set),
    )
  )
    context.alert(threads, `'cpu-map auto:' expects as many processors as threads.`);
  draft.otherLines.push(context.line);
}

const CPU_SET_DIRECTIVE = /^(only|drop)-(cpu|node|cluster|core|thread)$/;

function checkCpuSet(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (word.text === 'reset') {
      context.notSupportedYet(word, 'cpu-set reset');
      continue;
    }
    const set = words[++at];
    if (!CPU_SET_DIRECTIVE.test(word.text))
      return context.alert(word, `'cpu-set' expects a directive, found '${word.text}'.`);
    if (set === undefined || !CPU_NUMBERS.test(set.text))
      return context.alert(
        set ?? word,
        `'cpu-set ${word.text}' expects numbers and ranges, found '${set?.text ?? ''}'.`,
      );
    if (!word.text.endsWith('-cpu')) context.notSupportedYet(word, 'cpu-set by topology');
  }
  draft.otherLines.push(context.line);
}

export const GLOBAL_THREAD_KEYWORDS: readonly GlobalKeyword[] = [
  setting('nbthread', integer(1, MAX_THREADS), 'number of threads', (draft, value) => {
    draft.nbthread = Number(value);
  }),
  setting(
    'nbproc',
    integer(1, MAX_THREADS),
    'former number of processes: as many threads',
    (draft, value, _words, context) => setNbproc(draft, Number(value), context),
  ),
  setting(
    'cpu-map',
    text('[auto:]<thread-group>[/<thread-set>] <cpu-set>[,...] [...]', 2, 64),
    'binds threads to processors',
    (draft, _value, words, context) => checkCpuMap(draft, words, context),
  ),
  kept('cpu-affinity', CPU_AFFINITY, 'how tightly threads are bound to processors'),
  kept('cpu-policy', CPU_POLICY, 'how processors are chosen'),
  setting(
    'cpu-set',
    text('{ reset | { only-cpu | drop-cpu | ... } <set> } ...', 1, 64),
    'restricts the processors that may be used',
    (draft, _value, words, context) => checkCpuSet(draft, words, context),
  ),
  flag('numa-cpu-mapping', 'take memory nodes into account', { negatable: true }),
  kept('thread-group', THREAD_GROUP, 'threads of a group'),
  kept('thread-groups', integer(1, MAX_GROUPS), 'number of thread groups'),
  kept('max-threads-per-group', integer(0, 64), 'most threads in a group'),
  kept('thread-hard-limit', integer(1, MAX_THREADS), 'most threads, whatever was detected'),
];
