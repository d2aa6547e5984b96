/** PING_CHECK: one ICMP echo request through a datagram socket, to whose answer the kernel sees (icmp(7)). */
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { getegid } from 'node:process';
import { describeErrno } from '../../base/system-error.ts';
import type { Checker } from '../../model/virtual-server.ts';
import { encodeIp } from '../../net/socket-address.ts';
import { bindSocket, closeDescriptor, openEchoSocket } from '../../net/system-calls.ts';
import { bad, GOOD, type CheckResult } from './check.ts';

const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
const PACKET_BYTES = 64;
const ALLOWED_GROUPS = '/proc/sys/net/ipv4/ping_group_range';
/** The kernel's own: no group may. */
const NOBODY = /^1\s+0$/;

export function checkPing(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const { connectIp, bindTo } = checker;
  const family = isIPv6(connectIp) ? 6 : 4;
  const fd = openBound(family, bindTo);
  if (fd < 0) return Promise.resolve(bad(`cannot ping: ${describeErrno(-fd)}`));
  return new Promise(resolve => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    let done = false;
    const settle = (result: CheckResult): void => {
      if (done) return;
      done = true;
      signal.removeEventListener('abort', onAbort);
      socket.close();
      resolve(result);
    };
    const onAbort = (): void => settle(bad('timeout'));
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => settle(bad(error.code ?? error.message)));
    socket.on('message', answer => {
      if (answer[0] === ECHO_REPLY[family]) settle(GOOD);
    });
    const request = Buffer.alloc(PACKET_BYTES);
    request[0] = ECHO_REQUEST[family];
    // without a callback what goes wrong is an 'error' event; connected, so that ICMP errors are among it
    socket.once('connect', () => done || socket.send(request));
    // the port means nothing
    socket.bind({ fd }, () => done || socket.connect(1, connectIp));
  });
}

function openBound(family: 4 | 6, bindTo: string | undefined): number {
  const fd = openAllowed(family);
  if (fd < 0 || bindTo === undefined) return fd;
  const bound = bindSocket(fd, encodeIp(family, bindTo, 0));
  if (bound >= 0) return fd;
  closeDescriptor(fd);
  return bound;
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
