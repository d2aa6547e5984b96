/** PING_CHECK: one ICMP echo request through a datagram socket, to whose answer the kernel sees (icmp(7)). */
import { readFileSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { getegid } from 'node:process';
import type { Checker } from '../../model/virtual-server.ts';
import { openEchoSocket } from '../../net/system-calls.ts';
import { bad, GOOD, type CheckResult } from './check.ts';
import { prepared } from './check-socket.ts';
import { exchangeDatagrams } from './datagram-exchange.ts';

const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
const PACKET_BYTES = 64;
/** ICMP has none, but a socket is connected to one. */
const ANY_PORT = 1;
const ALLOWED_GROUPS = '/proc/sys/net/ipv4/ping_group_range';
/** The kernel's own: no group may. */
const NOBODY = /^1\s+0$/;

export function checkPing(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const { connectIp } = checker;
  const family = isIPv6(connectIp) ? 6 : 4;
  const fd = prepared({ ...checker, bindPort: 0 }, () => openAllowed(family));
  if (typeof fd !== 'number') return Promise.resolve(bad(`cannot ping: ${fd.reason}`));
  const payload = Buffer.alloc(PACKET_BYTES);
  payload[0] = ECHO_REQUEST[family];
  return exchangeDatagrams({
    address: connectIp,
    port: ANY_PORT,
    bind: { fd },
    payload,
    signal,
    judge: answer => (answer[0] === ECHO_REPLY[family] ? GOOD : undefined),
    silence: bad('timeout'),
  });
}

/**
 * Where no group may, ours may for the moment in which the socket is made: nothing is left for others, whatever becomes
 * of this process. Where an administrator has said who may, that stays.
 */
function openAllowed(family: 4 | 6): number {
  const fd = openEchoSocket(family);
  if (fd !== -constants.errno.EACCES) return fd;
  try {
    const before = readFileSync(ALLOWED_GROUPS, 'utf8').trim();
    if (!NOBODY.test(before)) return openEchoSocket(family);
    const group = getegid?.() ?? 0;
    writeFileSync(ALLOWED_GROUPS, `${group} ${group}`);
    const opened = openEchoSocket(family);
    writeFileSync(ALLOWED_GROUPS, before);
    return opened;
  } catch {
    return fd;
  }
}
