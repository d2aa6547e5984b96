/**
 * Neighbours in log lines that nearly everybody's formats have, HAProxy's own above all: one function writes all of a run.
 * Written one by one each costs a handful of closures, which are out of the processor's caches from line to line.
 * What a run writes is what its aliases write; test/acl/log-append.test.ts holds it to that.
 */
import type { ByteLine } from '../../base/byte-line.ts';
import type { SampleContext } from '../context.ts';
import type { Append } from './alias.ts';
import {
  backendConnections,
  backendName,
  bytesToClient,
  frontendConnections,
  requestMs,
  serverName,
  statusOf,
} from './facts.ts';
import { appendDateWithMs } from './dates.ts';
import { NO_FLAGS } from './flags.ts';
import type { Piece, RenderedPiece } from './piece.ts';
import { textWriter } from './output.ts';

const COLON = 58;
const SLASH = 47;
const SPACE = 32;
const DASH = 45;
const PLUS = 43;
const TILDE = 126;
const OPEN = 91;
const CLOSE = 93;

const CLIENT = '%ci:%cp';
const NAMES = '%ft %b/%s';
const TIMERS = '%TR/%Tw/%Tc/%Tr/%Ta';
const OUTCOME = '%ST %B %CC %CS %tsc';
const CONNECTIONS = '%ac/%fc/%bc/%sc/%rc %sq/%bq';

/** Aliases, and the texts between them; the longest first. */
const RUNS: readonly { readonly text: string; readonly append: Append }[] = [
  { text: `${CLIENT} [%tr] ${NAMES} ${TIMERS} ${OUTCOME} ${CONNECTIONS}`, append: appendHttp },
  { text: CLIENT, append: appendClient },
  { text: NAMES, append: appendNames },
  { text: TIMERS, append: appendTimers },
  { text: OUTCOME, append: appendOutcome },
  { text: '%Tw/%Tc/%Tt %B %ts', append: appendSession },
  { text: CONNECTIONS, append: appendConnections },
];

/** Odd places hold aliases. */
const PATTERNS = RUNS.map(({ text, append }) => ({ parts: text.split(/%(\w+)/).slice(1, -1), append }));

/** Of pieces as they are written for logs. */
export function fuseRuns(pieces: readonly Piece[]): Piece[] {
  const fused: Piece[] = [];
  for (let at = 0; at < pieces.length;) {
    const pattern = PATTERNS.find(({ parts }) =>
      parts.every((part, index) => isPart(pieces[at + index], part, index)),
    );
    const piece = pieces[at] as Piece;
    if (pattern === undefined) {
      fused.push(piece);
      at++;
    } else {
      fused.push({ ...(piece as RenderedPiece), alias: undefined, append: pattern.append });
      at += pattern.parts.length;
    }
  }
  return fused;
}

function isPart(piece: Piece | undefined, part: string, index: number): boolean {
  if (index % 2 === 1) return piece === part;
  return typeof piece === 'object' && 'alias' in piece && piece.alias === part;
}

/** All of `option httplog` but captures and the request. */
function appendHttp(ctx: SampleContext, line: ByteLine): void {
  appendClient(ctx, line);
  line.addByte(SPACE);
  line.addByte(OPEN);
  appendDateWithMs(line, requestMs(ctx));
  line.addByte(CLOSE);
  line.addByte(SPACE);
  appendNames(ctx, line);
  line.addByte(SPACE);
  appendTimers(ctx, line);
  line.addByte(SPACE);
  appendOutcome(ctx, line);
  line.addByte(SPACE);
  appendConnections(ctx, line);
}

/** `-` stands for what is empty. */
function addText(line: ByteLine, text: string | undefined): void {
  if (text === undefined || text === '') line.addByte(DASH);
  else line.add(text);
}

/** A unix socket shows the number of its listener. */
function appendClient({ client, listener }: SampleContext, line: ByteLine): void {
  const source = client?.source;
  if (source === undefined) {
    line.add('-:-');
    return;
  }
  addText(line, source.family === 0 ? 'unix' : source.host);
  line.addByte(COLON);
  line.addNumber(source.family === 0 ? (listener?.id ?? 0) : source.port);
}

function appendNames(ctx: SampleContext, line: ByteLine): void {
  const { client, frontend } = ctx;
  line.add(frontend?.name ?? '');
  if (client?.transport === 'tls') line.addByte(TILDE);
  line.addByte(SPACE);
  addText(line, backendName(ctx));
  line.addByte(SLASH);
  addText(line, serverName(ctx));
}

function appendTimers({ transaction }: SampleContext, line: ByteLine): void {
  if (transaction === undefined) {
    line.add('-1/-1/-1/-1/-1');
    return;
  }
  const { timers } = transaction;
  line.addNumber(timers.request);
  line.addByte(SLASH);
  line.addNumber(timers.queue);
  line.addByte(SLASH);
  line.addNumber(timers.connect);
  line.addByte(SLASH);
  line.addNumber(timers.response);
  line.addByte(SLASH);
  line.addNumber(timers.active);
}

function appendOutcome(ctx: SampleContext, line: ByteLine): void {
  const { transaction } = ctx;
  line.addNumber(statusOf(ctx));
  line.addByte(SPACE);
  line.addNumber(bytesToClient(ctx));
  line.addByte(SPACE);
  addCookie(line, ctx.requestCookieCapture);
  line.addByte(SPACE);
  addCookie(line, ctx.responseCookieCapture);
  line.addByte(SPACE);
  line.add(transaction?.terminationState ?? NO_STATE);
  line.add(transaction?.cookieState ?? NO_STATE);
}

function addCookie(line: ByteLine, cookie: string | undefined): void {
  if (cookie === undefined) line.addByte(DASH);
  else line.add(written(cookie));
}

/** Of a TCP session. */
function appendSession(ctx: SampleContext, line: ByteLine): void {
  const { transaction } = ctx;
  line.addNumber(transaction?.timers.queue ?? -1);
  line.addByte(SLASH);
  line.addNumber(transaction?.timers.connect ?? -1);
  line.addByte(SLASH);
  line.addNumber(transaction?.timers.total ?? -1);
  line.addByte(SPACE);
  line.addNumber(bytesToClient(ctx));
  line.addByte(SPACE);
  line.add(transaction?.terminationState ?? NO_STATE);
}

function appendConnections(ctx: SampleContext, line: ByteLine): void {
  const { transaction } = ctx;
  line.addNumber(ctx.stats.processConnections());
  line.addByte(SLASH);
  line.addNumber(frontendConnections(ctx));
  line.addByte(SLASH);
  line.addNumber(backendConnections(ctx));
  line.addByte(SLASH);
  line.addNumber(transaction?.serverConnections ?? 0);
  line.addByte(SLASH);
  if (transaction?.redispatched === true) line.addByte(PLUS);
  line.addNumber(transaction?.retries ?? 0);
  line.addByte(SPACE);
  line.addNumber(transaction?.serverQueue ?? 0);
  line.addByte(SLASH);
  line.addNumber(transaction?.backendQueue ?? 0);
}

const NO_STATE = '--';
const written = textWriter({ ...NO_FLAGS, mandatory: true });
