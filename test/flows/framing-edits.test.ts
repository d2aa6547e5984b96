/**
 * Rules that touch what frames a message (lengths, codings, `Connection`, the method, the status) change neither a
 * byte of its body nor where it ends: every rule with every kind of message, a second request behind it on the same
 * connection, and what server and client get is read literally.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { readRequests, readResponses, type Recorded } from '../support/http-recorder.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIELD_EDITS = [
  'add-header transfer-encoding gzip',
  'add-header transfer-encoding chunked',
  'set-header transfer-encoding "gzip, chunked"',
  'replace-value transfer-encoding chunked gzip',
  'del-header transfer-encoding',
  'add-header content-length 3',
  'set-header content-length 100',
  'set-header content-length abc',
  'replace-value content-length 5 7',
  'set-header connection "close, content-length"',
  'set-header upgrade websocket',
];

const REQUESTS: Readonly<Record<string, string>> = {
  none: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  length: 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  chunks: 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  head: 'HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n',
};
/** For an answer to begin; and for the rest of it, in a hurry and at leisure. */
const PATIENCE_MS = 20_000;
const HURRIED_MS = 100;
const LEISURELY_MS = 2000;
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

const RESPONSES: Readonly<Record<string, string>> = {
  length: '200 OK\r\nContent-Length: 5\r\n\r\nworld',
  chunks: '200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n',
  close: '200 OK\r\n\r\nworld',
  204: '204 No Content\r\n\r\n',
  304: '304 Not Modified\r\nContent-Length: 5\r\n\r\n',
};

interface Case {
  readonly rule: string;
  readonly request: string;
  /** `own`: an answer of the balancer's own. */
  readonly response: string;
}

function* cases(): Iterable<Case> {
  for (const edit of FIELD_EDITS) {
    for (const request of Object.keys(REQUESTS))
      yield { rule: `http-request ${edit}`, request, response: 'length' };
    for (const response of Object.keys(RESPONSES))
      yield { rule: `http-response ${edit}`, request: 'none', response };
    yield { rule: `http-after-response ${edit}`, request: 'none', response: 'own' };
    yield { rule: `http-after-response ${edit}`, request: 'head', response: 'own' };
  }
  for (const method of ['HEAD', 'GET', 'PUT'])
    for (const request of Object.keys(REQUESTS))
      for (const response of Object.keys(RESPONSES))
        yield { rule: `http-request set-method ${method}`, request, response };
  yield { rule: 'http-request set-method HEAD', request: 'none', response: 'own' };
  for (const status of [103, 204, 205, 304, 404]) {
    for (const response of Object.keys(RESPONSES))
      for (const request of ['none', 'head'])
        yield { rule: `http-response set-status ${status}`, request, response };
    yield { rule: `http-after-response set-status ${status}`, request: 'none', response: 'own' };
  }
}

/** A server that always says the same, and remembers the requests to /a. */
async function startServer(t: TestContext, answer: string, seen: Recorded[]): Promise<string> {
  const reply = (socket: Socket, { line }: Recorded): void => {
    const said = line.includes('/next') ? RESPONSES['length'] : answer;
    const [head = '', body = ''] = (said as string).split(/(?<=\r\n\r\n)/s);
    const close = said === RESPONSES['close'];
    socket.write(`HTTP/1.1 ${head}${line.startsWith('HEAD ') ? '' : said?.slice(head.length)}`);
    if (close && body !== '') socket.end();
  };
  const { address } = await startRawOrigin(t, socket => {
    let pending = '';
    socket.on('data', chunk => {
      const { messages, rest } = readRequests(pending + chunk.toString('latin1'));
      pending = rest;
      for (const message of messages) {
        if (!message.line.includes('/next')) seen.push(message);
        reply(socket, message);
      }
    });
  });
  return address;
}

interface Conversation {
  readonly text: string;
  readonly closed: boolean;
}

/** Sends the first request and, when nothing more comes of its answer, the second. */
async function converse(path: string, request: string, quietMs: number): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    let waiting = [NEXT];
    const goOn = (): void => {
      const next = waiting.pop();
      if (next === undefined) return end(false);
      socket.write(next);
      timer = setTimeout(goOn, PATIENCE_MS);
    };
    const end = (closed: boolean): void => {
      waiting = [];
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    let timer = setTimeout(goOn, PATIENCE_MS);
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(goOn, quietMs);
    });
    socket.on('end', () => end(true));
    socket.on('error', reject);
    socket.write(request);
  });
}

/** What is wrong with what the client has got. */
function complaint({ rule, request, response }: Case, { text, closed }: Conversation): string {
  const method = (REQUESTS[request] as string).split(' ')[0] as string;
  const { messages, rest } = readResponses(text, [method, 'GET'], closed);
  const [first, second] = messages;
  if (first === undefined || rest !== '') return `cannot be read: ${JSON.stringify(text)}`;
  const framing = first.fields.filter(field => /^(?:content-length|transfer-encoding):/.test(field));
  if (framing.length > 1) return `ambiguous: ${framing.join()}`;
  const status = Number(first.line.split(' ')[1]);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const isEmptied = rule.endsWith('HEAD') && response !== 'own';
  const wanted = bodiless || isEmptied || response === '204' || response === '304' ? '' : 'world';
  if (first.body !== wanted) return `body ${JSON.stringify(first.body)}`;
  if (second === undefined) return closed ? '' : 'no second answer, and not closed';
  return second.body === 'world' ? '' : `second body ${JSON.stringify(second.body)}`;
}

test('Rules that touch the framing of a message lose no byte of it and move no border', async t => {
  const folder = temporaryFolder(t);
  const seen: Recorded[][] = [];
  const port = await freePort();
  let config = `defaults\n mode http\n timeout connect 20s\n timeout client 20s\n timeout server 20s\n`;
  const all = [...cases()];
  for (const [index, { rule, response }] of all.entries()) {
    seen[index] = [];
    config += `listen l${index}\n bind unix@${join(folder, String(index))}\n ${rule} if { path /a }\n`;
    if (response === 'own')
      config += ' http-request return status 200 content-type text/plain string world\n';
    else config += ` server s ${await startServer(t, RESPONSES[response] as string, seen[index])}\n`;
  }
  config += `frontend ready\n bind 127.0.0.1:${port}\n`;
  await startBalancer(t, config, { ports: [port] });
  const play = async (one: Case, index: number, quietMs: number): Promise<string> => {
    const request = REQUESTS[one.request] as string;
    const body = request.includes('hello') ? 'hello' : '';
    const received = seen[index] as Recorded[];
    received.length = 0;
    const found = complaint(one, await converse(join(folder, String(index)), request, quietMs));
    const bodies = received.map(message => message.body).join('|');
    return one.response !== 'own' && bodies !== body ? `${found} server got ${bodies}` : found;
  };
  const hurried = await Promise.all(all.map(async (one, index) => play(one, index, HURRIED_MS)));
  // a difference counts when it is still there at leisure, one case after the other
  const complaints: string[] = [];
  for (const [index, one] of all.entries()) {
    if (hurried[index] === '') continue;
    const found = await play(one, index, LEISURELY_MS);
    if (found !== '') complaints.push(`${JSON.stringify(one)}: ${found}`);
  }
  assert.deepEqual(complaints, []);
});

test('A response that a rule has said to be the last one of its connection is', async t => {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const server = await startServer(t, RESPONSES['length'] as string, []);
  const lines = { http: `server s ${server}`, own: 'http-request return status 200' };
  const sections = Object.entries(lines).map(
    ([name, line]) =>
      `listen ${name}\n bind unix@${join(folder, name)}\n http-after-response set-header connection close\n ${line}\n`,
  );
  const config = `defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n`;
  await startBalancer(t, `${config}${sections.join('')}frontend ready\n bind 127.0.0.1:${port}\n`, {
    ports: [port],
  });
  for (const name of Object.keys(lines)) {
    const { text, closed } = await converse(join(folder, name), REQUESTS['none'] as string, 100);
    assert.match(text, /\r\nconnection: close\r\n/i);
    assert.equal(closed, true, name);
    assert.equal(text.match(/^HTTP/gm)?.length, 1, name);
  }
});
