/**
 * Which sockets listen, as the kernel's tables tell it, so that no connection is made that anybody would count. Those
 * of IPv4 stand in front of all others, and only that part is read: thousands may follow that wait for their end.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const TABLE = '/proc/net/tcp';
const PART_BYTES = 4096;
/** Number, local and remote address:port, state 0A, five columns of queues, timers and owner, the inode. */
const LISTENS = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A(?: +\S+){5} +(\d+)/gm;
/** A row of any other state. */
const OTHER = /^ *\d+: \S+ \S+ (?!0A)/m;

/** Flags, type, state, inode and path of a unix socket with __SO_ACCEPTCON. */
const LISTENS_UNIX = /: \d+ \d+ 00010000 \d+ \d+ +\d+ (.*)$/gm;
/** What a path ends with until its socket takes the place of an older one: the kernel knows it by no other name. */
const TEMPORARY = /\.\d+\.tmp$/;

/** The paths of all unix sockets that listen: one may be there before it does. */
export function listeningPaths(): Set<string> {
  const table = readFileSync('/proc/net/unix', 'latin1');
  return new Set([...table.matchAll(LISTENS_UNIX)].map(([, path = '']) => path.replace(TEMPORARY, '')));
}

/** The kernel's numbers (inodes) of the sockets that listen on a TCP port, on any IPv4 address. */
export function listeningSockets(port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return [...headOfTable().matchAll(LISTENS)]
    .filter(([, local]) => local === wanted)
    .map(([, , inode = '']) => inode)
    .toSorted();
}

function headOfTable(): string {
  const descriptor = openSync(TABLE, 'r');
  const part = Buffer.alloc(PART_BYTES);
  let text = '';
  try {
    for (let read; !OTHER.test(text) && (read = readSync(descriptor, part)) > 0;)
      text += part.toString('latin1', 0, read);
  } finally {
    closeSync(descriptor);
  }
  return text;
}
