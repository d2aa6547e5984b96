/** Orders of `trace`, and the option -dt: what they change of the board, and what they answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRACE_RUNNING, TRACE_STOPPED, TRACE_WAITING, TraceBoard } from '../../src/state/trace-board.ts';
import { TRACE_SOURCES } from '../../src/traces/sources.ts';
import { TraceBook, traceSinks, type TraceTarget } from '../../src/traces/trace-book.ts';
import { eventsOfSource, menuOfSources, statesOfSources } from '../../src/traces/trace-lists.ts';
import { startTraces } from '../../src/traces/trace-option.ts';
import { orderTrace } from '../../src/traces/trace-order.ts';

function makeBook(): TraceBook {
  const book = new TraceBook(TraceBoard.create(2), traceSinks([{ name: 'buf0', summary: 'a ring' }]));
  book.prepare();
  return book;
}

function order(book: TraceBook, line: string): string {
  const { kind, text } = orderTrace(book, line.split(' '));
  return `${kind}:${text}`;
}

test('the parts of an order are carried out one after the other', () => {
  const book = makeBook();
  const { row } = book.named('h1') as TraceTarget;
  assert.equal(book.board.armed, false);
  assert.equal(
    order(book, 'h1 sink buf0 level developer verbosity complete lock session start now'),
    'done:',
  );
  assert.deepEqual([row.sink, row.level, row.verbosity, row.state], [3, 5, 5, TRACE_RUNNING]);
  assert.equal(book.board.armed, true);
  assert.match(order(book, 'h1 lock'), /^list:Supported lock-on criteria for source h1:\n/);
  assert.match(order(book, 'h1 lock'), /\n {2}\* session {4}: /);
  order(book, 'h1 pause now');
  assert.equal(row.state, TRACE_WAITING);
  assert.match(order(book, '0'), /^list:All traces now stopped\n$/);
  assert.deepEqual([row.state, book.board.armed], [TRACE_STOPPED, false]);
});

test('events are switched one by one, and an event to start by makes a source wait', () => {
  const book = makeBook();
  const target = book.named('session') as TraceTarget;
  order(book, 'session event -sess_end start sess_new stop +sess_err');
  assert.equal(target.row.state, TRACE_WAITING);
  assert.equal(
    eventsOfSource(target, book),
    `Trace status for session:
  - sink: none [0 dropped]
  - event name   :     report    start    stop    pause
    sess_new     :        +        +        -       -
    sess_end     :        -        -        -       -
    sess_err     :        +        -        +       -
`,
  );
  assert.match(order(book, 'session event'), /\n {2}- none .*\n {2}- any .*\n {2}\+ sess_new/);
  assert.match(order(book, 'session start'), /\n {2}- now /);
  assert.match(order(book, 'session event sess_kill'), /^warning:Event 'sess_kill' .* never happens here$/);
});

test('a word that is none is refused with the nearest one, and a source without events here is told', () => {
  const book = makeBook();
  for (const [line, answer] of [
    ['h9', `error:No such trace source 'h9', did you mean 'h1'?`],
    ['h1 levle', `error:No such trace keyword 'levle', did you mean 'level'?`],
    ['h1 level usr', `error:No such trace level 'usr', did you mean 'user'?`],
    ['h1 sink buf1', `error:No such sink 'buf1', did you mean 'buf0'?`],
    ['h1 verbosity loud', `error:No such verbosity level 'loud'`],
    ['session lock backend', `error:No such lock-on criterion of this source 'backend'`],
    ['quic start now', `warning:Nothing here is traced by source 'quic'`],
  ] as const)
    assert.equal(order(book, line), answer);
});

test('`all` is every source that knows the word', () => {
  const book = makeBook();
  assert.equal(order(book, 'all sink stderr level error start now follow session'), 'done:');
  assert.equal(order(book, 'all lock server'), 'done:');
  for (const { source, row } of book.targets) {
    assert.equal(row.state, TRACE_RUNNING);
    assert.equal(row.criterion > 0, source.criteria.includes('server'));
    assert.equal(row.followed, source.name === 'session' ? -1 : 0);
  }
  const states = statesOfSources(book).split('\n');
  assert.equal(states.length, TRACE_SOURCES.length + 3 - 1);
  assert.match(states[1] ?? '', /^ \[R\] session {4}-> stderr \[drp 0\] {2}\[.+\]$/);
  assert.match(menuOfSources(book), /\n \[\.\] 0 .*\n \[\.\] all .*\n \[R\] session {4}: /);
});

test('-dt begins traces on standard error, and names the words there are', () => {
  const book = makeBook();
  const { row } = book.named('h1') as TraceTarget;
  assert.equal(startTraces(book, 'h1:proto:minimal,h2'), undefined);
  assert.deepEqual([row.sink, row.level, row.verbosity, row.state], [2, 2, 2, TRACE_RUNNING]);
  assert.equal(book.named('h2')?.row.level, 0);
  assert.equal(book.named('session')?.row.state, TRACE_STOPPED);
  assert.equal(startTraces(book, ''), undefined);
  assert.equal(book.named('session')?.row.state, TRACE_RUNNING);
  assert.match(
    startTraces(book, 'help') ?? '',
    /^unknown trace name 'help', known ones are: session, stream, h1/,
  );
  assert.match(startTraces(book, 'h1:help') ?? '', /: error, user, proto, state, data, developer$/);
  assert.match(startTraces(book, 'h1::help') ?? '', /: quiet, clean, minimal, simple, advanced, complete$/);
});

test('no source has more events than the board has bits', () => {
  for (const { events } of TRACE_SOURCES) assert.ok(events.length <= 62);
});
