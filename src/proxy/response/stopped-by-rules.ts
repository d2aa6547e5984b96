/**
 * What becomes of a request, or of the response to it, that rules do not let pass: an answer of the balancer's own, a
 * service, an error page, silence. Each with its letters for the log (manual, section 8.5). http-stream.ts calls it
 * with the verdict.
 */
import { silenceClose } from '../../net/socket-options.ts';
import {
  AUTHENTICATE,
  BAD_MESSAGE,
  CLOSE,
  DENY,
  INTERNAL_ERROR,
  REDIRECT,
  REJECT,
  RETURN,
  SCRIPT_DONE,
  SCRIPT_FAILED,
  SERVICE,
  SILENT_DROP,
  TIMED_OUT,
  type Verdict,
} from '../../rules/verdict.ts';
import { endUndecided } from '../request/buffers-requests.ts';
import { releaseUnheard } from '../server/connection-reuse.ts';
import { readDeniedCookies } from '../request/denied-cookies.ts';
import { serveHaterm } from '../haterm/serve.ts';
import { serveScript } from '../services/serve-script.ts';
import type { HttpExchange } from '../http-exchange.ts';

export function stopRequest(stream: HttpExchange, verdict: Verdict): void {
  const { transaction } = stream;
  switch (verdict) {
    case DENY:
      transaction.countTracked('error');
      transaction.termination.set('P', 'R');
      readDeniedCookies(transaction, stream.frontend);
      return stream.replyWith(transaction.reply);
    case AUTHENTICATE:
      transaction.countTracked('error');
      transaction.termination.set('L', 'R');
      return stream.replyWith(transaction.reply);
    case RETURN:
    case REDIRECT:
      transaction.termination.set('L', 'R');
      return stream.replyWith(transaction.reply);
    case SERVICE:
      return callService(stream);
    case SILENT_DROP:
      return dropSilently(stream);
    case REJECT:
      return reject(stream);
    case SCRIPT_DONE:
      endUndecided(stream);
      return endUnanswered(stream, 'R');
    case BAD_MESSAGE:
      return stream.clientTrouble.badRequest(400);
    case TIMED_OUT:
      transaction.timers.undecided();
      return stream.fail(408, 'c', 'R');
    default:
      transaction.flaw = 'internal error';
      return stream.fail(500, verdict === SCRIPT_FAILED ? 'I' : 'P', 'R');
  }
}

/** The statistics page, or a service that a rule named; in `mode haterm` what the target asks for. */
function callService(stream: HttpExchange): void {
  const { statistics, service, scriptService } = stream.transaction;
  if (statistics === undefined && scriptService !== undefined) return serveScript(stream, scriptService);
  if (statistics === undefined && service === undefined && stream.frontend.isHaterm)
    return serveHaterm(stream);
  const { services } = stream.thread;
  const found =
    statistics === undefined
      ? services.named(service ?? '')
      : services.statistics(statistics.proxy, statistics.admin);
  if (found === undefined) stream.fail(500, 'P', 'R');
  else stream.callService(found);
}

/** Told of a `listen` on both sides, as nothing else is. */
function reject(stream: HttpExchange): void {
  const { transaction, frontend } = stream;
  endUndecided(stream);
  const own = transaction.backendRuntime === undefined ? frontend.ownBackend() : undefined;
  if (own !== undefined) transaction.counts.rejected(own);
  stream.session.dismiss?.();
  stream.cut('P', 'R');
}

function dropSilently(stream: HttpExchange): void {
  endUndecided(stream);
  leaveClient(stream);
}

/** The client is not told that its connection is gone. */
function leaveClient(stream: HttpExchange): void {
  const { clientConnection, session, transaction } = stream;
  silenceClose(clientConnection.fd, clientConnection.remote.family, transaction.rstTtl);
  clientConnection.close();
  stream.cut('P', 'R');
  session.vanish?.();
}

/** By a script, without a word, and without a status that would be counted. */
function endUnanswered(stream: HttpExchange, phase: 'R' | 'H'): void {
  const { transaction } = stream;
  transaction.status = 0;
  stream.cut('L', phase);
}

export function stopResponse(stream: HttpExchange, verdict: Verdict): void {
  const { transaction } = stream;
  if (!endsServer(verdict)) releaseUnheard(stream);
  switch (verdict) {
    case RETURN:
    case REDIRECT:
      transaction.termination.set('L', 'H');
      return stream.replyWith(transaction.reply);
    case INTERNAL_ERROR:
    case SCRIPT_FAILED:
      transaction.flaw = 'internal error';
      return stream.fail(500, verdict === SCRIPT_FAILED ? 'I' : 'P', 'H');
    case DENY:
      transaction.flaw = 'denied response';
      transaction.termination.set('P', 'H');
      return stream.replyWith(transaction.reply);
    case TIMED_OUT:
      transaction.flaw = 'denied response';
      return stream.fail(504, 's', 'H');
    case REJECT:
      return cutBothSides(stream);
    case SCRIPT_DONE:
      return endUnanswered(stream, 'H');
    case SILENT_DROP:
      return leaveClient(stream);
    case CLOSE:
      return stream.fail(502, 'S', 'H');
    default:
      return refuseResponse(stream);
  }
}

/** Its connection is not kept, even if the whole response has come. */
function endsServer(verdict: Verdict): boolean {
  return verdict === REJECT || verdict === SCRIPT_DONE || verdict === SILENT_DROP || verdict === CLOSE;
}

/** No rule names an answer: the client is told that the server's is none. Also by `option checkcache`. */
export function refuseResponse(stream: HttpExchange): void {
  stream.transaction.flaw = 'denied response';
  stream.fail(502, 'P', 'H');
}

/** By content rules: without a word. */
function cutBothSides(stream: HttpExchange): void {
  stream.transaction.flaw = 'denied response';
  stream.cut('P', 'D');
}
