/**
 * Heads of HTTP/1 that were taken only because of `option accept-unsafe-violations-in-http-…`: each is a glitch of its
 * connection, and kept for `show errors`.
 */
import type { HeadLimits } from '../../http/head-limits.ts';
import { requestViolation, responseViolation } from '../../http/violations.ts';
import type { Connection } from '../../net/connection.ts';
import { countForAll } from '../../state/stick-table/tracked-counters.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import type { Inbox } from './inbox.ts';
import { keepBadMessage } from '../accounts/keep-bad-message.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

interface Reading {
  readonly thread: DataThread;
  readonly transaction: Transaction;
}

interface RequestReading extends Reading {
  readonly frontend: { readonly limits: HeadLimits };
  readonly requestHead: { keepAlive: boolean };
}

interface ClientSide {
  readonly inbox: Inbox;
  readonly facts: ClientConnectionFacts;
}

/** Of the request that begins the inbox; false: these were too many. Shortly before, it is the connection's last. */
export function forgivesRequest(reading: RequestReading, client: ClientSide): boolean {
  const { limits } = reading.frontend;
  if (limits.relaxed !== true) return true;
  const { inbox, facts } = client;
  const reason = requestViolation(inbox.buffer, inbox.start, inbox.end, limits);
  if (reason === undefined) return true;
  keepBadMessage(reading.thread, reading.transaction, 'request', inbox, `accepted: ${reason}`);
  facts.noteGlitch();
  if (facts.counters !== undefined) countForAll(undefined, facts.counters, 'glitch', 1);
  const verdict = reading.thread.glitches.http1Clients.judge(facts.glitches);
  if (verdict !== 'few') reading.requestHead.keepAlive = false;
  return verdict !== 'too many';
}

interface ResponseReading extends Reading {
  readonly responseLimits: HeadLimits;
}

interface ServerSide {
  readonly inbox: Inbox;
  readonly connection: Connection | undefined;
  /** The connection serves no other request. */
  leaving: boolean;
}

/** The same of the response that begins the inbox. */
export function forgivesResponse(reading: ResponseReading, server: ServerSide): boolean {
  const { responseLimits: limits } = reading;
  if (limits.relaxed !== true) return true;
  const { inbox, connection } = server;
  const reason = responseViolation(inbox.buffer, inbox.start, inbox.end, limits);
  if (reason === undefined || connection === undefined) return true;
  keepBadMessage(reading.thread, reading.transaction, 'response', inbox, `accepted: ${reason}`);
  connection.glitches = (connection.glitches ?? 0) + 1;
  const verdict = reading.thread.glitches.http1Servers.judge(connection.glitches);
  server.leaving = verdict !== 'few';
  return verdict !== 'too many';
}
