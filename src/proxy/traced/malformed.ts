/** Tells traces of messages that are none: they are what level `error` is for. */
import type { Inbox } from '../client/inbox.ts';
import type { DataThread } from '../runtime/runtime.ts';
import { contentText } from './message-text.ts';
import { H1 } from './points.ts';
import {
  COMPLETE,
  joinParts,
  MINIMAL,
  namesText,
  numbersText,
  subjectOf,
  type TracedExchange,
} from './subject.ts';

type Side = 'request' | 'response';

export function tellMalformed(
  { traces }: DataThread,
  exchange: TracedExchange,
  side: Side,
  inbox: Inbox,
  reason: string,
): void {
  tell(traces, H1.invalid, exchange, side, reason, () =>
    contentText(inbox.buffer, inbox.start, inbox.length),
  );
}

export function tellMalformedBody({ traces }: DataThread, exchange: TracedExchange, side: Side): void {
  tell(traces, H1.contentInvalid, exchange, side, side, () => '');
}

function tell(
  traces: DataThread['traces'],
  point: (typeof H1)['invalid'],
  exchange: TracedExchange,
  side: Side,
  reason: string,
  content: () => string,
): void {
  const subject = subjectOf(traces, exchange, side === 'response');
  traces.of.h1.tell(point, subject, verbosity =>
    joinParts([
      `[${side === 'request' ? 'F' : 'B'}] ${reason}`,
      // even a user has to know who sends such things
      namesText(exchange),
      verbosity >= MINIMAL ? numbersText(subject) : '',
      verbosity >= COMPLETE ? content() : '',
    ]),
  );
}
