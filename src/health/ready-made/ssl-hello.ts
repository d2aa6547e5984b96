/**
 * `option ssl-hello-chk`: a ClientHello in the oldest form, which a TLS server answers with a handshake or an alert
 * record (RFC 2246, sections A.1, A.3, A.4). No TLS is spoken.
 */
import { composedSend } from '../compile-send.ts';
import type { Step } from '../ruleset.ts';
import { answerStep } from './answer.ts';

const SSL3 = [3, 0];
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** Alert and handshake. */
const RECORDS = new Set([21, HANDSHAKE]);
/** 28 bytes that need not be random: nothing is encrypted. */
const RANDOM = Buffer.from('HAPROXYSSLCHK\nHAPROXYSSLCHK\n');
/** 0x0001 to 0x001B and 0x002F to 0x003A: all common ones of that time. */
const CIPHERS = [...range(0x01, 0x1b), ...range(0x2f, 0x3a)];
const NO_COMPRESSION = [1, 0];

export function sslHelloSteps(): Step[] {
  return [
    composedSend(() => clientHello(Math.floor(Date.now() / 1000)), 0),
    answerStep(1, facts => (RECORDS.has(facts.received[0] ?? 0) ? 'passed' : { status: 'L6RSP' }), {
      least: 5,
      emptyStatus: 'L6RSP',
      okStatus: 'L6OK',
      timeoutStatus: 'L6TOUT',
    }),
  ];
}

function clientHello(unixSeconds: number): Buffer {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(unixSeconds);
  const ciphers = Buffer.from(CIPHERS.flatMap(cipher => [0, cipher]));
  const body = Buffer.concat([
    Buffer.from(SSL3),
    time,
    RANDOM,
    Buffer.from([0, 0, ciphers.length]),
    ciphers,
    Buffer.from(NO_COMPRESSION),
  ]);
  const handshake = Buffer.from([CLIENT_HELLO, 0, 0, body.length]);
  const record = Buffer.from([HANDSHAKE, ...SSL3, 0, handshake.length + body.length]);
  return Buffer.concat([record, handshake, body]);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}
