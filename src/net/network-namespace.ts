/**
 * Sockets of other network namespaces (manual, `namespace` of bind and server lines): a socket belongs to the namespace
 * its thread is in when it is made, so the thread goes there, makes it, and comes back before anything else runs.
 * Entering takes CAP_SYS_ADMIN. Namespaces are found under their names while the files of the start are within reach; a
 * thread that starts later is told their descriptors, which are the process's.
 */
import { openSync } from 'node:fs';
import { constants } from 'node:os';
import { loadKoffi } from './system-calls.ts';

/** `namespace *` of a server: the one its client came in by, or names in its PROXY header. */
export const OF_CLIENT = '*';

/** Where `ip netns` keeps them. */
const FOLDER = '/var/run/netns';
const OF_THIS_THREAD = '/proc/thread-self/ns/net';
const CLONE_NEWNET = 0x40000000;

/** Descriptors by name. */
const known = new Map<string, number>();
/** Of this thread's own namespace; the negative number of an error: not opened. */
let home = -constants.errno.ENOENT;
let enter: ((fd: number, kind: number) => number) | undefined;

/** Descriptors of namespaces, for other threads of this process to learn. Those that cannot be opened are missing. */
export function openNamespaces(names: Iterable<string>): ReadonlyMap<string, number> {
  for (const name of names) descriptorOf(name);
  findHome();
  return known;
}

export function learnNamespaces(namespaces: ReadonlyMap<string, number>): void {
  for (const [name, fd] of namespaces) known.set(name, fd);
  findHome();
}

/** The way back, while /proc is within reach. */
function findHome(): void {
  if (known.size > 0 && home < 0) home = open(OF_THIS_THREAD);
}

export function canOpenNamespace(name: string): boolean {
  return descriptorOf(name) >= 0;
}

/** Somebody has named it in the configuration. */
export function isKnownNamespace(name: string): boolean {
  return known.has(name);
}

/** `make` gives a descriptor or the negative number of an error; so does this. */
export function inNamespace(name: string | undefined, make: () => number): number {
  if (name === undefined) return make();
  const there = descriptorOf(name);
  if (there < 0) return there;
  findHome();
  if (home < 0) return home;
  const entered = setNamespace(there);
  if (entered < 0) return entered;
  const made = make();
  const back = setNamespace(home);
  // a thread that is in the wrong place would serve the wrong network from now on
  if (back < 0) throw new Error(`cannot leave the network namespace '${name}' (error ${-back})`);
  return made;
}

/** This thread goes there to stay, with all that it makes from now on. 0, or the negative number of an error. */
export function moveToNamespace(name: string): number {
  const there = descriptorOf(name);
  return there < 0 ? there : setNamespace(there);
}

function descriptorOf(name: string): number {
  const isName = !name.includes('/') && name !== '..';
  const fd = known.get(name) ?? (isName ? open(`${FOLDER}/${name}`) : -constants.errno.ENOENT);
  if (fd >= 0) known.set(name, fd);
  return fd;
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? -constants.errno.EIO;
  }
}

function setNamespace(fd: number): number {
  const koffi = loadKoffi();
  enter ??= koffi.load(null).func('int setns(int fd, int kind)') as (fd: number, kind: number) => number;
  return enter(fd, CLONE_NEWNET) < 0 ? -koffi.errno() : 0;
}
