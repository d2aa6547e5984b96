/**
 * `show fd`: every open descriptor of the process and what it is (management manual). The kernel is asked; a data thread's
 * copy of a listening socket is known by the socket behind it, a connection by its addresses.
 */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { Endpoint } from '../../net/connection.ts';
import { ADDRESS_SIZE, decodeAddress } from '../../net/socket-address.ts';
import { isListening } from '../../net/stop-listening.ts';
import { peerName, socketName } from '../../net/system-calls.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { AdminRuntime, ListeningDescriptor } from '../runtime.ts';

/** As the letters of the command name them; `p` is all the rest too. */
type Kind = 'p' | 'l' | 'f' | 's' | 'd';

const ALL: readonly Kind[] = ['p', 'l', 'f', 's', 'd'];

const LETTERS: Readonly<Record<string, readonly Kind[]>> = {
  p: ['p'],
  l: ['l'],
  c: ['f', 's', 'd'],
  f: ['f'],
  b: ['s', 'd'],
  s: ['s'],
  d: ['d'],
};

interface Wanted {
  readonly kinds: ReadonlySet<Kind>;
  readonly only: number | undefined;
}

/** `-` and `!` turn the letters behind them, in the same word, into what is left out. Undefined: not such a word. */
function readWords(words: readonly string[]): Wanted | undefined {
  const kinds = new Set<Kind>(/^[-!]/.test(words[0] ?? '') ? ALL : []);
  let at = 0;
  for (; at < words.length && !/^[0-9/]/.test(words[at] as string); at++) {
    let leavesOut = false;
    for (const letter of words[at] as string) {
      if (letter === '-' || letter === '!') leavesOut = !leavesOut;
      else if (LETTERS[letter] === undefined) return undefined;
      else for (const kind of LETTERS[letter]) toggle(kinds, kind, !leavesOut);
    }
  }
  // `<group>/<fd>`: there is one group
  const number = (words[at] ?? '').split('/').pop() ?? '';
  return { kinds: at === 0 ? new Set(ALL) : kinds, only: number === '' ? undefined : Number(number) };
}

function toggle(kinds: Set<Kind>, kind: Kind, present: boolean): void {
  if (present) kinds.add(kind);
  else kinds.delete(kind);
}

interface Surroundings {
  /** By the socket's name in /proc. */
  readonly listeners: ReadonlyMap<string, ListeningDescriptor>;
  /** Frontends by the port, or the path, where they listen. */
  readonly frontends: ReadonlyMap<string, string>;
  /** `<backend>/<server>` by address. */
  readonly servers: ReadonlyMap<string, string>;
}

function lookAround(runtime: AdminRuntime): Surroundings {
  const { directory, servers } = runtime;
  const listeners = new Map<string, ListeningDescriptor>();
  const frontends = new Map<string, string>();
  for (const listener of runtime.listeningDescriptors()) {
    listeners.set(targetOf(listener.fd) ?? '', listener);
    const local = addressOf(listener.fd, socketName);
    if (local !== undefined) frontends.set(placeOf(local), listener.owner);
  }
  const named = new Map<string, string>();
  for (const backend of directory.proxies.keys())
    for (const { row, proxy, config } of directory.serversOf(backend)) {
      const { ip, port } = servers.addresses.read(row);
      if (ip !== undefined) named.set(`${ip.toString()} ${port}`, `${proxy.name}/${config.name}`);
    }
  return { listeners, frontends, servers: named };
}

const OPEN_FILES = '/proc/self/fd';

/** What stands behind a descriptor: a file, or `socket:[inode]`. */
function targetOf(fd: number): string | undefined {
  try {
    return readlinkSync(`${OPEN_FILES}/${fd}`);
  } catch {
    return undefined;
  }
}

const address = Buffer.alloc(ADDRESS_SIZE);

function addressOf(fd: number, ask: typeof socketName): Endpoint | undefined {
  const length = ask(fd, address);
  return length < 0 ? undefined : decodeAddress(address, length);
}

/** A port stands for all addresses: a frontend may listen at any. */
function placeOf({ family, host, port }: Endpoint): string {
  return family === 0 ? host : String(port);
}

interface Descriptor {
  readonly kind: Kind;
  readonly text: string;
}

function describe(fd: number, target: string, around: Surroundings): Descriptor {
  if (!target.startsWith('socket:')) return { kind: 'p', text: '' };
  const listener = around.listeners.get(target);
  if (listener !== undefined) return { kind: 'l', text: ` l.st=RDY fe=${listener.owner} ${listener.text}` };
  const [local, peer] = [addressOf(fd, socketName), addressOf(fd, peerName)];
  // an admin socket
  if (local !== undefined && isListening(fd)) return { kind: 'l', text: ' l.st=RDY fe=GLOBAL' };
  if (local === undefined || peer === undefined) return { kind: 'p', text: '' };
  // a pair of sockets, such as a standard stream may be
  if (local.family === 0 && local.host === '' && peer.host === '') return { kind: 'p', text: '' };
  const family = local.family === 0 ? 'unix' : `ipv${local.family}`;
  const ports = local.family === 0 ? '' : ` lport=${local.port} rport=${peer.port}`;
  const where = ` fam=${family}${ports}`;
  const server = around.servers.get(`${peer.host} ${peer.port}`);
  if (server !== undefined) return { kind: 's', text: ` back=1${where} sv=${server}` };
  // of the two ends of a unix connection the one that was accepted has the name
  const frontend = around.frontends.get(placeOf(local));
  if (frontend !== undefined) return { kind: 'f', text: ` back=0${where} fe=${frontend}` };
  const isAccepted = local.family === 0 && local.host !== '';
  return isAccepted
    ? { kind: 'f', text: ` back=0${where} fe=GLOBAL` }
    : { kind: 'd', text: ` back=1${where}` };
}

function* lines({ kinds, only }: Wanted, runtime: AdminRuntime): Generator<string> {
  const around = lookAround(runtime);
  const numbers = readdirSync(OPEN_FILES).map(Number);
  for (const fd of numbers.sort((a, b) => a - b)) {
    const target = only === undefined || only === fd ? targetOf(fd) : undefined;
    if (target === undefined) continue;
    const { kind, text } = describe(fd, target, around);
    if (kinds.has(kind)) yield `${String(fd).padStart(7)} : owner=${target}${text}\n`;
  }
}

function showDescriptors({ args, runtime }: Call): Answer {
  const wanted = readWords(args.from(2));
  if (wanted === undefined) return fail('Invalid FD type');
  return existsSync(OPEN_FILES)
    ? dump(lines(wanted, runtime))
    : fail(`Not possible inside a chroot: there is no ${OPEN_FILES}.`);
}

export const DESCRIPTOR_COMMAND: Command = {
  words: 'show fd',
  args: '[-!plcfbsd]* [num]',
  summary: 'open descriptors',
  level: 'operator',
  run: showDescriptors,
};
