/**
 * The same raw bytes through the real HAProxy and through lb, to recording servers: lb must not forward what
 * HAProxy refuses, nor read a message's end differently, and must not let a bad response through. The third column
 * of the tables in test/cases/http-differential says what to expect:
 *
 *   same             what the server (or client) saw is equal, and so are the statuses the client got
 *   status N         as `same`, but the client's last status is N
 *   stricter N why   lb refuses with status N what HAProxy lets pass
 *   refused N why    as `stricter`, where HAProxy refuses only sometimes
 *   unlike N,N why   harmlessly different; these are the statuses the client gets
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { readRequests, readResponses, type Recorded } from '../support/http-recorder.ts';
import { startRawOrigin } from '../support/origin.ts';
import { decodeBytes, readCases } from '../support/raw-cases.ts';
import { exchange } from '../support/raw-exchange.ts';
import { requires } from '../support/requirement.ts';

const SLOTS = 16;
const QUIET_MS = 150;
/** A difference counts when it is still there at leisure. */
const PATIENT_QUIET_MS = 900;
const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CLOSE = '{close}';
const POISONED = 'next client got: ';

/** Way of one program from a frontend to a server that records. Cases run one after the other on it. */
interface Lane {
  readonly port: number;
  readonly seen: Recorded[];
  /** What the server says to anything but `/next`; undefined: a plain answer. */
  answer: string | undefined;
}

async function openLane(t: TestContext, port: number): Promise<{ lane: Lane; address: string }> {
  const lane: Lane = { port, seen: [], answer: undefined };
  const origin = await startRawOrigin(t, socket => serve(lane, socket));
  return { lane, address: origin.address };
}

function serve(lane: Lane, socket: Socket): void {
  let pending = '';
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: Buffer) => {
    const reading = readRequests(pending + chunk.toString('latin1'));
    pending = reading.rest;
    for (const message of reading.messages) {
      lane.seen.push(message);
      say(socket, answerTo(lane, message));
    }
  });
}

function answerTo(lane: Lane, { line, fields }: Recorded): string {
  if (lane.answer !== undefined && !line.includes('/next')) return lane.answer;
  const status = fields.find(field => field.startsWith('x-status:'))?.slice(9) ?? '200';
  const answer = PLAIN.replace('200', status);
  return line.startsWith('HEAD ') ? answer.slice(0, -2) : answer;
}

function say(socket: Socket, answer: string): void {
  const closing = answer.endsWith(CLOSE);
  socket.write(Buffer.from(closing ? answer.slice(0, -CLOSE.length) : answer, 'latin1'));
  if (closing) socket.end();
}

async function openLanes(t: TestContext, program: string | undefined, reuse: string): Promise<Lane[]> {
  const ports = await freePorts(SLOTS);
  const opened = await Promise.all(ports.map(port => openLane(t, port)));
  const sections = opened.map(
    ({ lane, address }, slot) =>
      `frontend f${slot}\n    bind 127.0.0.1:${lane.port}\n    default_backend b${slot}\n` +
      `backend b${slot}\n    http-reuse ${reuse}\n    server s ${address}\n`,
  );
  const config =
    'defaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n' +
    sections.join('');
  await startBalancer(t, config, program === undefined ? {} : { program });
  return opened.map(({ lane }) => lane);
}

/** What came of one case with one program, as text that can be compared and read. */
interface Outcome {
  readonly forwarded: readonly string[];
  readonly statuses: readonly string[];
}

type Play = (lane: Lane, row: readonly string[], quietMs: number) => Promise<Outcome>;

const playRequest: Play = async (lane, row, quietMs) => {
  lane.seen.length = 0;
  const { received } = await exchange(lane.port, decodeBytes(row[2] as string), quietMs);
  const methods = lane.seen.map(message => message.line.split(' ')[0] as string);
  return { forwarded: lane.seen.map(describe), statuses: statusesOf(readResponses(received, methods, true)) };
};

const playResponse: Play = async (lane, row, quietMs) => {
  const request = decodeBytes(row[2] as string);
  const method = request.slice(0, request.indexOf(' '));
  lane.answer = decodeBytes(row[3] as string);
  const { received, closed } = await exchange(lane.port, request, quietMs);
  const reading = readResponses(received, [method], closed);
  const rest =
    reading.rest === '' ? [] : [`unfinished: ${JSON.stringify(reading.rest.replace(/[\r\n].*/s, ''))}`];
  const messages = reading.messages.filter(message => !message.line.startsWith('HTTP/1.1 502'));
  const next = await exchange(
    lane.port,
    'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    quietMs,
  );
  const poisoned = next.received.endsWith('\r\n\r\nok') ? [] : [POISONED + JSON.stringify(next.received)];
  return {
    forwarded: [
      ...messages.map(({ line, body, trailers }) => JSON.stringify([hopless(line), body, trailers])),
      ...rest,
      ...poisoned,
    ],
    statuses: statusesOf(reading),
  };
};

function statusesOf({ messages, rest }: { messages: readonly Recorded[]; rest: string }): string[] {
  const unfinished = /^HTTP\/1\.1 (\d+)/.exec(rest)?.[1];
  const statuses = messages.map(message => message.line.split(' ')[1] as string);
  return unfinished === undefined ? statuses : [...statuses, unfinished];
}

/** The version is each hop's own (RFC 9110 section 2.5): lb speaks HTTP/1.1 to all. */
function hopless(line: string): string {
  return line.replace(/HTTP\/1\.0/, 'HTTP/1.1');
}

const HOP = /^(?:connection|keep-alive|proxy-connection):/;

function describe({ line, fields, body, trailers }: Recorded): string {
  const shortened = body.length > 200 ? `${body.slice(0, 200)}… ${body.length}` : body;
  return JSON.stringify([
    hopless(line),
    fields.filter(field => !HOP.test(field)).toSorted(),
    shortened,
    trailers,
  ]);
}

/** Undefined: as expected. */
function complaint(expectation: string, haproxy: Outcome, lb: Outcome): string | undefined {
  const equal = lb.forwarded.join('\n') === haproxy.forwarded.join('\n');
  const status = lb.statuses.at(-1) ?? 'none';
  const [word, wanted] = expectation.split(' ');
  const judges: Readonly<Record<string, () => boolean>> = {
    same: () => equal && lb.statuses.join() === haproxy.statuses.join(),
    status: () => equal && status === wanted,
    stricter: () =>
      lb.forwarded.length < haproxy.forwarded.length &&
      isPrefix(lb.forwarded, haproxy.forwarded) &&
      status === wanted,
    refused: () => isPrefix(lb.forwarded, haproxy.forwarded) && status === wanted,
    unlike: () => !equal && lb.statuses.join() === wanted,
  };
  if (lb.forwarded.some(text => text.startsWith(POISONED))) return `lb ${show(lb)}`;
  if (judges[word as string]?.() === true) return undefined;
  return `expected ${expectation}\n  haproxy ${show(haproxy)}\n  lb      ${show(lb)}`;
}

/** A refusal: what came before it is the same. */
function isPrefix(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.every((text, index) => text === theirs[index]);
}

function show({ forwarded, statuses }: Outcome): string {
  return `[${statuses.join()}] ${forwarded.map(text => text.slice(0, 400)).join('\n          ')}`;
}

async function compare(t: TestContext, file: string, reuse: string, play: Play): Promise<void> {
  const cases = readCases(`test/cases/http-differential/${file}`);
  const [theirs, ours] = await Promise.all([openLanes(t, 'haproxy', reuse), openLanes(t, undefined, reuse)]);
  const complaints: string[] = [];
  let next = 0;
  const work = async (slot: number): Promise<void> => {
    for (let row = cases[next++]; row !== undefined; row = cases[next++]) {
      const [name, expectation] = row as [string, string];
      for (const quietMs of [QUIET_MS, PATIENT_QUIET_MS]) {
        const haproxy = await play(theirs[slot] as Lane, row, quietMs);
        const lb = await play(ours[slot] as Lane, row, quietMs);
        const found = complaint(expectation, haproxy, lb);
        if (found === undefined) break;
        if (quietMs === PATIENT_QUIET_MS) complaints.push(`${name}: ${found}`);
      }
    }
  };
  await Promise.all(Array.from({ length: SLOTS }, (_, slot) => work(slot)));
  assert.equal(complaints.join('\n'), '', `${complaints.length} of ${cases.length} cases differ`);
}

test('Raw requests reach the server through lb as they do through HAProxy, or not at all', async t => {
  if (requires(t, 'haproxy')) await compare(t, 'requests.tsv', 'never', playRequest);
});

test('Raw responses reach the client through lb as they do through HAProxy, or not at all', async t => {
  if (requires(t, 'haproxy')) await compare(t, 'responses.tsv', 'always', playResponse);
});
