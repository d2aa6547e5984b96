/** What a source tells of its points: levels, events, and how it starts, pauses, locks and follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRACE_RUNNING, TRACE_STOPPED, TRACE_WAITING, TraceBoard } from '../../src/state/trace-board.ts';
import { STATE, type TraceSubject, USER } from '../../src/traces/source.ts';
import { TRACE_SOURCE_TABLE } from '../../src/traces/sources.ts';
import { TraceBook, traceSinks, type TraceTarget } from '../../src/traces/trace-book.ts';
import { orderTrace } from '../../src/traces/trace-order.ts';
import { tracePoint } from '../../src/traces/trace-point.ts';
import { Traces } from '../../src/traces/traces.ts';

const { h1, session } = TRACE_SOURCE_TABLE;
const BEGIN = tracePoint(h1, USER, ['h1s_new'], 'begin', 'begins');
const MIDDLE = tracePoint(h1, USER, ['rx_data', 'rx_body'], 'middle', 'goes on');
const END = tracePoint(h1, STATE, ['h1s_end'], 'end', 'ends');
const SESSION = tracePoint(session, USER, ['sess_new'], 'session', 'new');

interface Scene {
  readonly book: TraceBook;
  readonly traces: Traces;
  readonly order: (line: string) => void;
  /** What was written since the last call. */
  readonly lines: () => string[];
  readonly state: () => number;
}

function makeScene(): Scene {
  const book = new TraceBook(TraceBoard.create(2), traceSinks([]));
  book.prepare();
  const written: string[] = [];
  const traces = new Traces(book.board, 2, 2, (sink, line) => written.push(`${sink} ${line}`));
  const { row } = book.named('h1') as TraceTarget;
  return {
    book,
    traces,
    order: line => assert.equal(orderTrace(book, line.split(' ')).kind, 'done'),
    lines: () => written.splice(0),
    state: () => row.state,
  };
}

function passAll({ traces }: Scene, subject: TraceSubject = {}): void {
  for (const point of [BEGIN, MIDDLE, END])
    traces.of.h1.tell(point, subject, verbosity => `v${verbosity} s${subject.session ?? '-'}`);
}

test('what is told depends on level, events and verbosity', () => {
  const scene = makeScene();
  passAll(scene);
  assert.deepEqual(scene.lines(), []);
  scene.order('h1 sink stderr start now');
  passAll(scene, { session: 7 });
  assert.deepEqual(scene.lines(), [
    '2 [02|h1|1|h1s_new] begins : v1 s7',
    '2 [02|h1|1|rx_data] goes on : v1 s7',
  ]);
  scene.order('h1 level developer verbosity quiet event none event rx_body event h1s_end');
  passAll(scene);
  assert.deepEqual(scene.lines(), [
    '2 [02|h1|1|rx_data] middle(): goes on',
    '2 [02|h1|3|h1s_end] end(): ends',
  ]);
});

test('events start, pause and stop a source', () => {
  const scene = makeScene();
  scene.order('h1 level state start rx_body pause h1s_end');
  assert.equal(scene.state(), TRACE_WAITING);
  passAll(scene);
  assert.deepEqual(
    scene.lines().map(line => line.replace(/^.*\|/, '')),
    ['rx_data] goes on : v1 s-', 'h1s_end] ends : v1 s-'],
  );
  assert.equal(scene.state(), TRACE_WAITING);
  scene.order('h1 stop rx_body');
  passAll(scene);
  assert.equal(scene.lines().length, 1);
  assert.equal(scene.state(), TRACE_STOPPED);
});

test('a lock keeps to what began it, until the trace pauses', () => {
  const scene = makeScene();
  scene.order('h1 level state lock session start h1s_new pause h1s_end');
  const { traces } = scene;
  traces.of.h1.tell(BEGIN, { session: 1 });
  traces.of.h1.tell(BEGIN, { session: 2 });
  traces.of.h1.tell(MIDDLE, { session: 2 });
  traces.of.h1.tell(END, { session: 2 });
  traces.of.h1.tell(MIDDLE, {});
  assert.equal(scene.state(), TRACE_RUNNING);
  traces.of.h1.tell(MIDDLE, { session: 1 });
  assert.equal(scene.lines().length, 2);
  traces.of.h1.tell(END, { session: 1 });
  assert.equal(scene.lines().length, 1);
  passAll(scene, { session: 2 });
  assert.equal(scene.lines().length, 3);
});

test('a source that follows another tells of what that one is locked on, and stays as it is', () => {
  const scene = makeScene();
  scene.order('session lock session start now');
  scene.order('h1 follow session');
  passAll(scene, { session: 3 });
  assert.deepEqual(scene.lines(), []);
  scene.traces.of.session.tell(SESSION, { session: 4 });
  passAll(scene, { session: 3 });
  passAll(scene, { session: 4 });
  assert.equal(scene.lines().length, 3);
  assert.equal(scene.state(), TRACE_STOPPED);
  assert.ok(scene.traces.on);
});

test('numbers of things are the same as long as they live, and differ by thread', () => {
  const { traces, book } = makeScene();
  const [one, other] = [{}, {}];
  const elsewhere = new Traces(book.board, 1, 2, () => undefined);
  assert.equal(traces.numberOf(one), traces.numberOf(one));
  const numbers = [
    traces.numberOf(one),
    traces.numberOf(other),
    elsewhere.numberOf(one),
    elsewhere.numberOf(other),
  ];
  assert.equal(new Set(numbers).size, 4);
});
