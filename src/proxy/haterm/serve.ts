/**
 * `mode haterm`: a frontend answers by what the target of each request asks for (haterm.txt of HAProxy). Called by
 * stopped-by-rules.ts when a request has passed its rules.
 */
import type { HttpExchange } from '../http-exchange.ts';
import { inviteBody } from '../response/interim-responses.ts';
import { serveScript } from '../services/serve-script.ts';
import { HatermAnswer, usageAnswer } from './answer.ts';
import { NO_WISHES, readWishes, type Wishes } from './wishes.ts';

export function serveHaterm(stream: HttpExchange): void {
  const { transaction, requestHead, body, session } = stream;
  const isHead = transaction.requestLine?.method === 'HEAD';
  const asked = readWishes(requestHead.target, Math.random);
  const wishes = asked === 'help' ? NO_WISHES : asked;
  settleConnection(stream, wishes);
  // it may take as long as it was asked to
  transaction.setTimeout('server', 0);
  if (!body.read && session.inbox.length === 0) inviteBody(stream);
  const chunked = wishes.chunked && requestHead.version >= 11;
  serveScript(stream, wire => {
    if (asked !== 'help') return new HatermAnswer(wire, { ...wishes, chunked }, isHead).begin();
    wire.write(Buffer.from(usageAnswer(isHead), 'latin1'));
    wire.finish();
  });
}

/** `C` and `K`; a connection of HTTP/2 carries other requests too. */
function settleConnection(stream: HttpExchange, { keepAlive }: Wishes): void {
  if (keepAlive !== undefined && stream.requestHead.version < 20) stream.keepAlive = keepAlive;
}
