/**
 * Takes a received syslog message apart (RFC 3164, section 4; RFC 5424, section 6). What does not look like a header
 * is text: a message is never refused. One char a byte.
 */
export interface SyslogMessage {
  /** -1: the message does not tell. */
  facility: number;
  level: number;
  /** As it stands in the message: `Jan  1 00:00:00`, `1970-01-01T00:00:00Z` or `-`. Of all these '' means: none. */
  time: string;
  host: string;
  tag: string;
  pid: string;
  messageId: string;
  structuredData: string;
  text: string;
}

export const MONTHS: readonly string[] = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
];

export const LEGACY_TIME_LENGTH = 15;
export const ISO_TIME_LEAST = 20;

/** All of it is text. */
export function unparsedMessage(text: string): SyslogMessage {
  return {
    facility: -1,
    level: -1,
    time: '',
    host: '',
    tag: '',
    pid: '',
    messageId: '',
    structuredData: '',
    text,
  };
}

export function parseSyslogMessage(bytes: string): SyslogMessage {
  const message = unparsedMessage(bytes);
  const priority = /^<(\d*)>/.exec(bytes);
  if (priority === null) return message;
  const value = Number(priority[1]);
  message.facility = Math.floor(value / 8);
  message.level = value % 8;
  const rest = bytes.slice(priority[0].length);
  message.text = rest;
  if (rest.length > 2 && rest.startsWith('1 ')) readRfc5424(rest, message);
  else if (rest.length > LEGACY_TIME_LENGTH) readRfc3164(rest, message);
  return message;
}

/** `1 TIME HOST TAG PID MSGID STRUCTURED-DATA text`; nothing is kept of a header that is not whole. */
function readRfc5424(rest: string, message: SyslogMessage): void {
  const timeEnd = endOfIsoTime(rest, 2);
  if (timeEnd < 0) return;
  const fields: string[] = [];
  let at = timeEnd + 1;
  for (let field = 0; field < 4; field++) {
    const end = rest.indexOf(' ', at);
    if (end <= at) return;
    const value = rest.slice(at, end);
    fields.push(value === '-' ? '' : value);
    at = end + 1;
  }
  const dataEnd = endOfStructuredData(rest, at);
  if (dataEnd < 0) return;
  const data = rest.slice(at, dataEnd);
  message.time = rest.slice(2, timeEnd);
  [message.host = '', message.tag = '', message.pid = '', message.messageId = ''] = fields;
  message.structuredData = data === '-' ? '' : data;
  message.text = rest.slice(dataEnd + 1);
}

const DATE_AND_TIME = '1970-01-01T00:00:00'.length;
const ZONE = '+00:00'.length;

/** The place of the blank behind it, -1 for none. Digits of a fraction are looked at, others believed. */
function endOfIsoTime(text: string, start: number): number {
  if (text.startsWith('- ', start)) return start + 1;
  if (text.length - start <= ISO_TIME_LEAST) return -1;
  let at = start + DATE_AND_TIME;
  if (text[at] === '.') {
    at++;
    while (isDigit(text.charCodeAt(at))) at++;
    if (text[at] !== 'Z' && text[at] !== '+' && text[at] !== '-') return -1;
  }
  at += text[at] === 'Z' ? 1 : ZONE;
  return text[at] === ' ' ? at : -1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `-` or `[id key="value" ...]...`, where `\]` ends nothing. */
function endOfStructuredData(text: string, start: number): number {
  if (text[start] === '-') return text[start + 1] === ' ' ? start + 1 : -1;
  if (text[start] !== '[') return -1;
  let inside = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (inside) inside = char !== ']' || text[at - 1] === '\\';
    else if (char === '[') inside = true;
    else return char === ' ' ? at : -1;
  }
  return -1;
}

/** `Jan  1 00:00:00 HOST TAG[PID]: text`, where the tag may be missing. */
function readRfc3164(rest: string, message: SyslogMessage): void {
  if (!MONTHS.includes(rest.slice(0, 3)) || rest[LEGACY_TIME_LENGTH] !== ' ') return;
  const hostAt = LEGACY_TIME_LENGTH + 1;
  const hostEnd = rest.indexOf(' ', hostAt);
  if (hostEnd <= hostAt) return;
  message.time = rest.slice(0, LEGACY_TIME_LENGTH);
  message.host = rest.slice(hostAt, hostEnd);
  message.text = rest.slice(hostEnd + 1);
  readTag(message);
}

/** A tag ends with `: `, the pid in it with `]`. Where more stands behind that, the text begins with the tag. */
function readTag(message: SyslogMessage): void {
  const { text } = message;
  const whole = /^[^ :]*(?=: )/.exec(text)?.[0];
  if (whole === undefined) return;
  const close = whole.includes('[') ? whole.indexOf(']', whole.indexOf('[')) : -1;
  const open = whole.lastIndexOf('[', close < 0 ? whole.length : close);
  if (open < 0) message.tag = whole;
  else message.tag = whole.slice(0, open);
  if (close >= 0 && close < whole.length - 1) return;
  if (close >= 0) message.pid = whole.slice(open + 1, close);
  if (message.tag === '') message.tag = whole;
  message.text = text.slice(whole.length + 2);
}
