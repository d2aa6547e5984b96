/**
 * A request has come: what is noted of it, and what is decided before any rule sees it (`monitor-uri`, `option
 * http-restrict-req-hdr-names`). Called by http-session.ts through http-stream.ts, when the head is read.
 */
import { restrictNames } from '../../http/header-names.ts';
import { errorReply } from '../../rules/default-pages.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { asksMonitor } from './monitor.ts';

export function receiveRequest(stream: HttpExchange, headLength: number): void {
  const { transaction, requestHead, frontend, body } = stream;
  const { monitorUri, options } = frontend.config;
  body.start();
  transaction.logStep('accept');
  transaction.bytes.fromClient = headLength;
  transaction.timers.headReadAt = stream.thread.wheel.now;
  transaction.holdsOfRequest(headLength + stream.session.inbox.length);
  transaction.arrived(requestHead);
  stream.keepAlive = requestHead.keepAlive;
  if (monitorUri !== undefined && asksMonitor(monitorUri, requestHead.target)) answerMonitor(stream);
  else if (!restrictNames(requestHead.headers, options.restrictHeaderNames)) stream.fail(403, 'P', 'R');
  else {
    transaction.logStep('request');
    if (frontend.rules.filters.length === 0 || stream.joinFilters(frontend.rules.filters))
      stream.requestRules.start();
  }
}

/** 200, or 503 when `monitor fail` says so; never logged, never forwarded. */
function answerMonitor(stream: HttpExchange): void {
  const { transaction } = stream;
  transaction.setLogLevel(-1);
  const failing = stream.frontend.rules.monitorFails(transaction);
  transaction.termination.set('L', 'R');
  stream.replyWith(errorReply(transaction, failing ? 503 : 200));
}
