/**
 * `option mysql-check [user <name> [post-41|pre-41|post-80]]`: the server's greeting and, with a user, a login
 * without a password and its acceptance (MySQL Internals, "Connection Phase Packets").
 */
import type { CheckFacts } from '../check-facts.ts';
import { plainSend } from '../compile-send.ts';
import type { Step, Verdict } from '../ruleset.ts';
import { answerStep, CLEAN_CONNECT, untilNul } from './answer.ts';

const ERROR_PACKET = 0xff;
const HEADER = 4;
const COM_QUIT = Buffer.from([1, 0, 0, 0, 1]);
const PLUGIN = 'mysql_native_password\0';

export function mysqlSteps([word, user, version = 'post-41']: readonly string[]): Step[] {
  if (word !== 'user' || user === undefined)
    return [CLEAN_CONNECT, answerStep(1, (facts, last) => judgePacket(facts, 0, last, true))];
  return [
    CLEAN_CONNECT,
    plainSend(Buffer.concat([loginPacket(user, version), COM_QUIT]), 1),
    answerStep(2, (facts, last) => judgePacket(facts, 0, last, false)),
    answerStep(3, (facts, last) => judgePacket(facts, HEADER + packetLength(facts.received, 0), last, true)),
  ];
}

/** Capabilities: protocol 4.1, secure connection; with post-80 also plugin authentication. */
function loginPacket(user: string, version: string): Buffer {
  const body =
    version === 'pre-41'
      ? Buffer.from(`\x00\x80\x00\x00\x01${user}\0\0`, 'latin1')
      : Buffer.concat([
          Buffer.from([0x00, 0x82, version === 'post-80' ? 0x08 : 0x00, 0x00]),
          Buffer.from([0x00, 0x80, 0x00, 0x01, 0x21]),
          Buffer.alloc(23),
          Buffer.from(`${user}\0\0${version === 'post-80' ? PLUGIN : ''}`, 'latin1'),
        ]);
  const header = Buffer.from([body.length & 0xff, (body.length >> 8) & 0xff, body.length >> 16, 1]);
  return Buffer.concat([header, body]);
}

function packetLength(bytes: Buffer, at: number): number {
  return bytes.length < at + 3 ? 0 : bytes.readUIntLE(at, 3);
}

/** `final`: it ends the check; the version is told with it. */
function judgePacket(facts: CheckFacts, at: number, last: boolean, final: boolean): Verdict {
  const bytes = facts.received;
  const end = at + HEADER + packetLength(bytes, at);
  if (bytes.length < at + HEADER || bytes.length < end) return last ? { status: 'L7RSP' } : 'wait';
  if (bytes[at + HEADER] === ERROR_PACKET) {
    const code = bytes.length >= at + HEADER + 3 ? bytes.readUInt16LE(at + HEADER + 1) : 0;
    return { status: 'L7STS', code, info: untilNul(bytes, at + HEADER + 3) };
  }
  return final ? { status: 'L7OK', info: untilNul(bytes, HEADER + 1) } : 'passed';
}
