/** DNS_CHECK and UDP_CHECK. */
import { randomBytes, randomInt } from 'node:crypto';
import { encodeName } from '../../dns/name.ts';
import type { Checker } from '../../model/virtual-server.ts';
import { bad, GOOD, type CheckResult } from './check.ts';
import { datagramsFrom } from './check-socket.ts';
import { exchangeDatagrams } from './datagram-exchange.ts';

/** RFC 1035, 3.2.2, and RFC 3596. */
const DNS_TYPES: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
};
const RANDOM_BYTES = 16;

/** `judge` answers when it has heard what it wants, `silence` is the result when time is over. */
function ask(
  checker: Checker,
  payload: Buffer,
  signal: AbortSignal,
  judge: (answer: Buffer) => CheckResult | undefined,
  silence: CheckResult,
): Promise<CheckResult> {
  const { connectIp: address, connectPort: port } = checker;
  if (port === 0) return Promise.resolve(bad('no port to ask'));
  const bind = datagramsFrom(checker);
  if ('reason' in bind) return Promise.resolve(bad(bind.reason));
  return exchangeDatagrams({ address, port, bind, payload, signal, judge, silence });
}

export function checkDns(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const { type = 'SOA', name = '.' } = checker.dns ?? {};
  const labels = name === '.' ? Buffer.alloc(1) : encodeName(name);
  if (labels === undefined) return Promise.resolve(bad(`${name} is no DNS name`));
  const id = randomInt(0x1_0000);
  // recursion desired, one question
  const header = Buffer.from([id >>> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const question = Buffer.from([0, DNS_TYPES[type] ?? 0, 0, 1]);
  return ask(checker, Buffer.concat([header, labels, question]), signal, judgeDns(id), bad('timeout'));
}

function judgeDns(id: number): (answer: Buffer) => CheckResult | undefined {
  return answer => {
    if (answer.length < 12 || answer.readUInt16BE(0) !== id) return undefined;
    if (((answer[2] ?? 0) & 0x80) === 0) return bad('the DNS answer is a question');
    const code = (answer[3] ?? 0) & 15;
    // an answer without a record of that type is one, too
    return code === 0 ? GOOD : bad(`DNS code ${code}`);
  };
}

/** Without `require_reply`, silence is good: nobody has said that the port is closed. */
export function checkUdp(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const {
    payload,
    requireReply = false,
    reply = '',
    minReplyLength = 0,
    maxReplyLength = 255,
  } = checker.udp ?? {};
  const data = payload === undefined ? randomBytes(RANDOM_BYTES) : Buffer.from(payload, 'hex');
  const judge = (answer: Buffer): CheckResult => {
    if (!requireReply) return GOOD;
    if (answer.length < minReplyLength || answer.length > maxReplyLength)
      return bad(`a reply of ${answer.length} bytes`);
    const hex = answer.toString('hex');
    const differs = reply
      .split('')
      .some((digit, at) => digit !== 'x' && at < hex.length && digit !== hex[at]);
    return differs ? bad('another reply') : GOOD;
  };
  return ask(checker, data, signal, judge, requireReply ? bad('no reply') : GOOD);
}
