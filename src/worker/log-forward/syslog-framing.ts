/**
 * Cuts a stream into syslog messages (RFC 6587, section 3.4): a digit begins the length of a message, a `<` a message
 * that ends with a line feed; anything else is no syslog. A message has to fit into a buffer.
 */
import type { Inbox } from '../../proxy/client/inbox.ts';

export interface FramingSettings {
  /** `tune.bufsize` */
  readonly longest: number;
  /** Line feeds end all messages, whatever they begin with. */
  readonly assumesLineFeeds: boolean;
}

/** `more`: all whole messages are taken. */
export type FramingState = 'more' | 'broken';

const LF = 10;
const CR = 13;
const BLANK = 32;
const LESS_THAN = 60;
const ONE = 49;
const NINE = 57;

/** Hands every whole message to `onMessage` and takes it from the inbox. */
export function cutMessages(
  inbox: Inbox,
  settings: FramingSettings,
  onMessage: (bytes: Buffer, start: number, end: number) => void,
): FramingState {
  while (inbox.length > 0) {
    const first = inbox.buffer[inbox.start] as number;
    const counts = !settings.assumesLineFeeds && first >= ONE && first <= NINE;
    if (!counts && !settings.assumesLineFeeds && first !== LESS_THAN) return 'broken';
    const state = counts
      ? cutCounted(inbox, settings.longest, onMessage)
      : cutLine(inbox, settings.longest, onMessage);
    if (state !== 'taken') return state;
  }
  return 'more';
}

type Cut = (
  inbox: Inbox,
  longest: number,
  onMessage: (bytes: Buffer, start: number, end: number) => void,
) => FramingState | 'taken';

/** RFC 6587, section 3.4.2; some senders write CR LF. */
const cutLine: Cut = (inbox, longest, onMessage) => {
  const { buffer, start, end } = inbox;
  const found = buffer.subarray(start, end).indexOf(LF);
  if (found < 0) return end - start >= longest ? 'broken' : 'more';
  if (found >= longest) return 'broken';
  const at = start + found;
  onMessage(buffer, start, found > 0 && buffer[at - 1] === CR ? at - 1 : at);
  inbox.consume(found + 1);
  return 'taken';
};

/** Enough for any length that fits. */
const LENGTH_DIGITS = 10;

/** RFC 6587, section 3.4.1 */
const cutCounted: Cut = (inbox, longest, onMessage) => {
  const { buffer, start, end } = inbox;
  let [at, length] = [start, 0];
  for (; at < end && buffer[at] !== BLANK; at++) {
    const digit = (buffer[at] as number) - ONE + 1;
    if (digit < 0 || digit > 9 || at - start >= LENGTH_DIGITS) return 'broken';
    length = length * 10 + digit;
  }
  if (at === end) return 'more';
  if (length > longest) return 'broken';
  if (end - at - 1 < length) return 'more';
  onMessage(buffer, at + 1, at + 1 + length);
  inbox.consume(at + 1 + length - start);
  return 'taken';
};
