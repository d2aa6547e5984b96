/** Answers of two programs to the same admin command, held against each other in their shape. */
import assert from 'node:assert/strict';

/** How two answers are held against each other. */
type Comparison =
  /** Equal when numbers, addresses in memory and dates do not count. */
  | 'same'
  /** The first line is. */
  | 'first line'
  /** The words of the first line: all of HAProxy's are there, in their order. */
  | 'head'
  /** Both say something, or both say nothing. */
  | 'both speak'
  /** Names before a colon, one a line: all of HAProxy's are there, in their order. */
  | 'names'
  /** A head line of names: HAProxy's are all there, in their order; each row has as many columns as its head. */
  | 'columns'
  /** As `columns`, the separator is a blank. */
  | 'words'
  /** Lines `<object>.<place>.<name>.<n>:...`: all of HAProxy's names are there. */
  | 'typed'
  /** The same of JSON: every name of a field. */
  | 'json'
  /** Words of the first line before a `=`: all of HAProxy's are there, in their order. */
  | 'keys'
  /** The same, line by line, of the first such word of a line. */
  | 'line keys'
  /** As `expected` says. */
  | 'newer';

export interface Row {
  readonly line: string;
  readonly as: Comparison;
  /** Names that HAProxy 2.6 has and 3.4 has not. */
  readonly dropped?: readonly string[];
  /** What 3.4 answers, where it is not what 2.6 answers. */
  readonly expected?: string;
}

/** Numbers, references, dates, and words for files do not count. */
function shape(text: string): string {
  return text
    .replace(/\/tmp\/[^ ']*/g, 'FILE')
    .replace(/\[\d\d\/\w{3}\/\d{4}[^\]]*\]/g, '[DATE]')
    .replace(/0x[0-9a-f]+/g, 'REF')
    .replace(/\d+/g, 'N')
    .replace(/\n+$/, '');
}

const first = (text: string): string => text.split('\n', 1)[0] as string;

/** All of `wanted` stand in `names`, in that order. */
function assertInOrder(names: readonly string[], wanted: readonly string[], line: string): void {
  let at = 0;
  for (const name of wanted) {
    const found = names.indexOf(name, at);
    assert.ok(found >= 0, `${line}: ${name} is missing, or not in its place, in ${names.join(' ')}`);
    at = found + 1;
  }
}

function assertColumns(ours: string, theirs: string, separator: string, row: Row): void {
  const heads = [ours, theirs].map(text => text.split('\n').find(line => line.startsWith('# ')) ?? '');
  const [own, other] = heads.map(head => head.slice(2).split(separator));
  const wanted = (other as string[]).filter(name => name !== '' && row.dropped?.includes(name) !== true);
  assertInOrder(own as string[], wanted, row.line);
  const rows = ours.split('\n').filter(line => line.includes(separator) && !line.startsWith('# '));
  for (const line of rows) assert.equal(line.split(separator).length, own?.length, line);
  const keys = (text: string): string[] =>
    text
      .split('\n')
      .filter(line => line.includes(separator) && !line.startsWith('# '))
      .map(line => line.split(separator).slice(0, 2).join(separator));
  assert.deepEqual(keys(ours), keys(theirs), row.line);
}

function namesOf(text: string): string[] {
  return text.split('\n').flatMap(line => /^([^:]+):/.exec(line)?.[1] ?? []);
}

function keysOf(line: string): string[] {
  return [...line.matchAll(/([a-z_]+)=/g)].map(([, key = '']) => key);
}

/** Of the first stream; what stands further in is about its parts. */
function lineKeysOf(text: string): string[] {
  const [first = ''] = text.split(/\n(?=0x)/, 1);
  return first.split('\n').flatMap(line => /^ {2}([a-z]+)=/.exec(line)?.[1] ?? []);
}

function without(names: readonly string[], { dropped = [] }: Row): readonly string[] {
  return names.filter(name => !dropped.includes(name));
}

function typedNames(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^[\w.]*?\.?\d+\.([A-Za-z_]\w*)\.\d+:[A-Z]/gm)].map(match => match[1] as string),
  );
}

function jsonNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.parse(text, (_, value: unknown) => {
    const field = value as { field?: { name?: string } } | null;
    if (typeof field?.field?.name === 'string') names.add(field.field.name);
    return value;
  });
  assert.ok(names.size > 0, text.slice(0, 200));
  return names;
}

/** Throws where they differ. */
export function compareAnswers(row: Row, ours: string, theirs: string): void {
  switch (row.as) {
    case 'same':
      return assert.equal(shape(ours), shape(theirs), row.line);
    case 'first line':
      return assert.equal(shape(first(ours)), shape(first(theirs)), row.line);
    case 'head':
      return assertInOrder(first(ours).split(' '), first(theirs).split(' '), row.line);
    case 'both speak':
      return assert.equal(ours.trim() !== '', theirs.trim() !== '', row.line);
    case 'names': {
      const wanted = namesOf(theirs).filter(name => row.dropped?.includes(name) !== true);
      const own = new Set(namesOf(ours));
      return assert.deepEqual(
        wanted.filter(name => !own.has(name)),
        [],
        row.line,
      );
    }
    case 'typed':
    case 'json': {
      const names = row.as === 'typed' ? typedNames : jsonNames;
      const own = names(ours);
      const missing = [...names(theirs)].filter(
        name => !own.has(name) && row.dropped?.includes(name) !== true,
      );
      return assert.deepEqual(missing, [], row.line);
    }
    case 'keys':
      return assertInOrder(keysOf(first(ours)), without(keysOf(first(theirs)), row), row.line);
    case 'line keys':
      return assertInOrder(lineKeysOf(ours), without(lineKeysOf(theirs), row), row.line);
    case 'columns':
      return assertColumns(ours, theirs, ',', row);
    case 'newer':
      assert.notEqual(shape(ours), shape(theirs), `${row.line}: no difference any more`);
      return assert.equal(ours.trimEnd(), row.expected, row.line);
    case 'words':
      return assertColumns(ours, theirs, ' ', row);
  }
}
