/**
 * `option pgsql-check user <name>`: a startup message of protocol 3.0, which a server answers with a request for
 * authentication (PostgreSQL manual, "Message Formats").
 */
import { plainSend } from '../compile-send.ts';
import type { Step } from '../ruleset.ts';
import { answerStep, CLEAN_CONNECT, untilNul } from './answer.ts';

const ERROR_RESPONSE = 0x45;
/** Behind the kind and the length of the message. */
const FIRST_FIELD = 5;
const MESSAGE_FIELD = 0x4d;
const PROTOCOL_3 = 0x0003_0000;
/** Authentication requests up to this length and of these kinds are known. */
const REQUESTS = new Set([0, 2, 3, 4, 5, 6, 7, 9, 10]);

export function pgsqlSteps([, user = '']: readonly string[]): Step[] {
  return [
    CLEAN_CONNECT,
    plainSend(startupMessage(user), 1),
    answerStep(
      2,
      facts =>
        facts.received[0] === ERROR_RESPONSE
          ? { status: 'L7RSP', info: errorText(facts.received) }
          : 'passed',
      { least: 5 },
    ),
    answerStep(
      3,
      facts =>
        asksForAuthentication(facts.received)
          ? 'passed'
          : { status: 'L7STS', info: 'PostgreSQL unknown error' },
      { least: 9, onSuccess: () => 'PostgreSQL server is ok' },
    ),
  ];
}

function startupMessage(user: string): Buffer {
  const fields = Buffer.from(`user\0${user}\0\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + fields.length, 0);
  head.writeUInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, fields]);
}

/** Severity and message; fields are a letter and a zero-terminated text each. */
function errorText(bytes: Buffer): string {
  const severity = untilNul(bytes, FIRST_FIELD + 1);
  for (let at = FIRST_FIELD; at < bytes.length && bytes[at] !== 0; at += untilNul(bytes, at).length + 1)
    if (bytes[at] === MESSAGE_FIELD) return `${severity}: ${untilNul(bytes, at + 1)}`;
  return severity;
}

/** `R`, a length of one byte, the kind of request. */
function asksForAuthentication(bytes: Buffer): boolean {
  return (
    bytes.length >= 9 &&
    bytes[0] === 0x52 &&
    bytes.readUInt32BE(1) < 256 &&
    REQUESTS.has(bytes.readUInt32BE(5))
  );
}
