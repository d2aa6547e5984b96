/**
 * Where VRRP processes remember what they have put into the kernel: a file for each, named by network namespace and
 * process, so that the next one finds what a killed one left, and leaves alone what others have. Called by
 * process/vrrp-process.ts.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { closeDescriptor, getOption } from '../net/system-calls.ts';
import { AF_INET, openRawSocket, SOCK_DGRAM, SOL_SOCKET } from './kernel-calls.ts';

const SO_NETNS_COOKIE = 71;
/** Lost with a reboot, like the addresses. */
const FOLDER = '/run/lb';

interface StateFiles {
  readonly own: string;
  readonly abandoned: readonly string[];
}

/** `title`: what a living VRRP process is called; another program may have got the number meanwhile. */
export function stateFiles(title: string, folder = FOLDER): StateFiles {
  const prefix = `vrrp-${networkNamespace()}-`;
  const abandoned = filesIn(folder).filter(name => {
    if (!name.startsWith(prefix) || !name.endsWith('.json')) return false;
    const pid = Number(name.slice(prefix.length, -'.json'.length));
    return pid === process.pid || !isCalled(pid, title);
  });
  return {
    own: join(folder, `${prefix}${process.pid}.json`),
    abandoned: abandoned.map(name => join(folder, name)),
  };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isCalled(pid: number, title: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(title);
  } catch {
    return false;
  }
}

/** The number of a namespace that is gone is given to another one, its cookie is not. */
function networkNamespace(): string {
  const number = statSync('/proc/self/ns/net', { throwIfNoEntry: false })?.ino ?? 0;
  const cookie = Buffer.alloc(8);
  const fd = openRawSocket(AF_INET, SOCK_DGRAM, 0);
  if (fd >= 0) {
    getOption(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie);
    closeDescriptor(fd);
  }
  return `${number}.${cookie.readBigUInt64LE()}`;
}
