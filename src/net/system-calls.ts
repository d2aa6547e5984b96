/**
 * The system calls Node has no door for, through koffi. koffi is loaded at the first call, not at start. Every
 * function gives the call's result, or the negative error number: expected failures are values.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

type Call = (...args: readonly (number | Buffer | null)[]) => number;

interface Calls {
  readonly errno: () => number;
  readonly socket: Call;
  readonly socketpair: Call;
  readonly bind: Call;
  readonly listen: Call;
  readonly accept: Call;
  readonly connect: Call;
  readonly close: Call;
  readonly shutdown: Call;
  readonly fcntl: Call;
  readonly dup3: Call;
  readonly setsockopt: Call;
  readonly getsockopt: Call;
  readonly getsockname: Call;
  readonly getpeername: Call;
  readonly sendmmsg: Call;
  readonly sendmsg: Call;
  readonly recvmsg: Call;
  readonly send: Call;
  readonly sendFrom: Call;
  readonly poll: Call;
  readonly recv: Call;
  readonly recvTo: Call;
  readonly epollCreate: Call;
  readonly epollControl: Call;
  readonly epollWait: Call;
  readonly pipe: Call;
  readonly splice: Call;
  readonly flock: Call;
}

let koffi: typeof Koffi | undefined;
let calls: Calls | undefined;

/** For the ring engine, which maps memory and makes calls of its own. */
export function loadKoffi(): typeof Koffi {
  koffi ??= createRequire(import.meta.url)('koffi') as typeof Koffi;
  return koffi;
}

function system(): Calls {
  return (calls ??= loadCalls());
}

/** Loads what the first call would, beforehand. Where that fails the first call tells it. */
export function prepareSystemCalls(): void {
  try {
    system();
  } catch {
    // nothing was asked for yet
  }
}

function loadCalls(): Calls {
  const library = loadKoffi();
  // The running process itself: its C library, whichever that is.
  const libc = library.load(null);
  const call = (declaration: string): Call => libc.func(declaration);
  return {
    errno: () => library.errno(),
    socket: call('int socket(int domain, int type, int protocol)'),
    socketpair: call('int socketpair(int domain, int type, int protocol, void *pair)'),
    bind: call('int bind(int fd, const void *address, uint32_t length)'),
    listen: call('int listen(int fd, int backlog)'),
    accept: call('int accept4(int fd, void *address, void *length, int flags)'),
    connect: call('int connect(int fd, const void *address, uint32_t length)'),
    close: call('int close(int fd)'),
    shutdown: call('int shutdown(int fd, int how)'),
    fcntl: call('int fcntl(int fd, int command, int argument)'),
    dup3: call('int dup3(int fd, int number, int flags)'),
    setsockopt: call('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    getsockopt: call('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    getsockname: call('int getsockname(int fd, void *address, void *length)'),
    getpeername: call('int getpeername(int fd, void *address, void *length)'),
    sendmmsg: call('int sendmmsg(int fd, void *messages, uint32_t count, int flags)'),
    sendmsg: call('int sendmsg(int fd, const void *message, int flags)'),
    recvmsg: call('int recvmsg(int fd, void *message, int flags)'),
    send: call('int send(int fd, const void *bytes, size_t length, int flags)'),
    sendFrom: call('int send(int fd, uintptr_t address, size_t length, int flags)'),
    poll: call('int poll(void *entries, unsigned long count, int timeout)'),
    recv: call('long recv(int fd, void *into, size_t length, int flags)'),
    recvTo: call('long recv(int fd, uintptr_t address, size_t length, int flags)'),
    epollCreate: call('int epoll_create1(int flags)'),
    epollControl: call('int epoll_ctl(int poll, int operation, int fd, const void *event)'),
    epollWait: call('int epoll_wait(int poll, void *events, int count, int timeout)'),
    pipe: call('int pipe2(void *ends, int flags)'),
    flock: call('int flock(int fd, int operation)'),
    splice: call('long splice(int from, void *, int to, void *, size_t length, uint32_t flags)'),
  };
}

function outcome(result: number): number {
  return result < 0 ? -system().errno() : result;
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const INT_MAX = 0x7fffffff;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const F_GETFL = 3;
const F_SETFL = 4;

/** A stream socket: non-blocking for libuv, blocking for a ring, whose operations wait in the kernel. */
export function openSocket(family: number, mode: 'non-blocking' | 'blocking' = 'non-blocking'): number {
  const blocking = mode === 'blocking' ? 0 : SOCK_NONBLOCK;
  return outcome(system().socket(family, SOCK_STREAM | blocking | SOCK_CLOEXEC, 0));
}

/** Two stream sockets that talk to each other, or the negative error number. */
export function socketPair(): readonly [number, number] | number {
  const pair = Buffer.alloc(8);
  const result = outcome(system().socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair));
  return result < 0 ? result : [pair.readInt32LE(0), pair.readInt32LE(4)];
}

export function bindSocket(fd: number, address: Buffer): number {
  return outcome(system().bind(fd, address, address.length));
}

export function listenOn(fd: number, backlog: number): number {
  return outcome(system().listen(fd, backlog));
}

/** Of a non-blocking listening socket: a connection that waits, non-blocking, or the negative error number. */
export function acceptNow(fd: number): number {
  return outcome(system().accept(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

export function connectSocket(fd: number, address: Buffer): number {
  return outcome(system().connect(fd, address, address.length));
}

const UNSPECIFIED = Buffer.alloc(16);

/** A connected socket can connect anew; the peer gets a reset. */
export function disconnectSocket(fd: number): number {
  return connectSocket(fd, UNSPECIFIED);
}

export function closeDescriptor(fd: number): number {
  return outcome(system().close(fd));
}

const SHUT_WR = 1;

/** Sends FIN; reading goes on. */
export function shutdownSending(fd: number): number {
  return outcome(system().shutdown(fd, SHUT_WR));
}

const SHUT_RD = 0;

export function shutdownReceiving(fd: number): number {
  return outcome(system().shutdown(fd, SHUT_RD));
}

/** A second number for the same open socket, never shared with a child program. */
export function duplicateDescriptor(fd: number): number {
  return outcome(system().fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/** For this process alone, at once or not at all. */
export function lockFile(fd: number): number {
  return outcome(system().flock(fd, LOCK_EX | LOCK_NB));
}

export function unlockFile(fd: number): number {
  return outcome(system().flock(fd, LOCK_UN));
}

/** Whoever shares the open file finds it so too. */
export function makeNonBlocking(fd: number): number {
  const flags = outcome(system().fcntl(fd, F_GETFL, 0));
  return flags < 0 ? flags : outcome(system().fcntl(fd, F_SETFL, flags | SOCK_NONBLOCK));
}

/** `number` stands for what `fd` stands for, from now on. */
export function replaceDescriptor(fd: number, number: number): number {
  return outcome(system().dup3(fd, number, SOCK_CLOEXEC));
}

const word = Buffer.alloc(4);

export function setOption(fd: number, level: number, name: number, value: number | Buffer): number {
  if (typeof value !== 'number') return outcome(system().setsockopt(fd, level, name, value, value.length));
  word.writeInt32LE(value | 0);
  return outcome(system().setsockopt(fd, level, name, word, 4));
}

const lengthWord = Buffer.alloc(4);

/** Fills `into` and gives the length the kernel wrote. */
export function getOption(fd: number, level: number, name: number, into: Buffer): number {
  lengthWord.writeUInt32LE(into.length);
  const result = outcome(system().getsockopt(fd, level, name, into, lengthWord));
  return result < 0 ? result : lengthWord.readUInt32LE();
}

/** Fills `into` with the socket's own address; gives its length. */
export function socketName(fd: number, into: Buffer): number {
  lengthWord.writeUInt32LE(into.length);
  const result = outcome(system().getsockname(fd, into, lengthWord));
  return result < 0 ? result : lengthWord.readUInt32LE();
}

/** Fills `into` with the peer's address; gives its length. */
export function peerName(fd: number, into: Buffer): number {
  lengthWord.writeUInt32LE(into.length);
  const result = outcome(system().getpeername(fd, into, lengthWord));
  return result < 0 ? result : lengthWord.readUInt32LE();
}

/** A non-blocking datagram socket. */
export function openDatagramSocket(family: number): number {
  return outcome(system().socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/** For ICMP echo requests and their answers (icmp(7)); groups outside of `ping_group_range` may not. */
export function openEchoSocket(family: 4 | 6): number {
  const [domain, protocol] = family === 4 ? [AF_INET, IPPROTO_ICMP] : [AF_INET6, IPPROTO_ICMPV6];
  return outcome(system().socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

/** Datagrams by their `struct mmsghdr`; never waits. Gives how many were sent. */
export function sendDatagrams(fd: number, messages: Buffer, count: number): number {
  return outcome(system().sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** By its `struct msghdr`; never waits. */
export function sendMessage(fd: number, message: Buffer): number {
  return outcome(system().sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** By its `struct msghdr`; descriptors that come along do not go on to programs started later. */
export function receiveMessage(fd: number, message: Buffer): number {
  return outcome(system().recvmsg(fd, message, MSG_CMSG_CLOEXEC));
}

export function sendBytes(fd: number, bytes: Buffer): number {
  return outcome(system().send(fd, bytes, bytes.length, MSG_NOSIGNAL));
}

/** Fills in what of `count` entries (struct pollfd) has happened by now; gives of how many. */
export function pollNow(entries: Buffer, count: number): number {
  return outcome(system().poll(entries, count, 0));
}

const pollEntry = Buffer.alloc(8);

/** A short write would not wait: a pipe has room for at least a page. */
export function isWritable(fd: number): boolean {
  pollEntry.writeInt32LE(fd, 0);
  pollEntry.writeInt16LE(POLLOUT, 4);
  pollEntry.writeInt16LE(0, 6);
  return system().poll(pollEntry, 1, 0) === 1 && (pollEntry.readInt16LE(6) & POLLOUT) !== 0;
}

/** The peer has closed its socket, not only its sending side; over TCP that shows once it refuses something. */
export function hasHungUp(fd: number): boolean {
  pollEntry.writeInt32LE(fd, 0);
  pollEntry.writeInt32LE(0, 4);
  return system().poll(pollEntry, 1, 0) === 1 && (pollEntry.readInt16LE(6) & (POLLHUP | POLLERR)) !== 0;
}

/** Blocks the thread: for a start that waits for another process, never while serving. */
export function blockFor(waitMs: number): void {
  system().poll(pollEntry, 0, waitMs);
}

/** What has come, at most `into.length` bytes of it; never waits. 0: the peer has ended. */
export function receiveNow(fd: number, into: Buffer): number {
  return outcome(system().recv(fd, into, into.length, MSG_DONTWAIT));
}

/** The same into memory at an address. */
export function receiveAt(fd: number, address: number, length: number): number {
  return outcome(system().recvTo(fd, address, length, MSG_DONTWAIT));
}

/** Drops what has come so far, of a TCP socket (MSG_TRUNC, tcp(7)); never waits. 0: the peer has ended. */
export function discardReceived(fd: number): number {
  return outcome(system().recv(fd, null, INT_MAX, MSG_DONTWAIT | MSG_TRUNC));
}

/** Gives how many bytes the kernel took; never waits. */
export function sendNow(fd: number, bytes: Buffer): number {
  return outcome(system().send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** The same of what lies at an address. */
export function sendAt(fd: number, address: number, length: number): number {
  return outcome(system().sendFrom(fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/**
 * The same of what lies at an address, with FIN in the same segment when the kernel takes all of it: the peer hears of the
 * end as it hears of the bytes, and does not close first.
 */
export function sendWithEnd(fd: number, address: number, length: number): number {
  const taken = outcome(system().sendFrom(fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE));
  if (taken === length) shutdownSending(fd);
  return taken;
}

const EPOLL_CLOEXEC = SOCK_CLOEXEC;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

/** A set of descriptors to ask for events (epoll(7)). */
export function openEventPoll(): number {
  return outcome(system().epollCreate(EPOLL_CLOEXEC));
}

/** `event`: a struct epoll_event. A descriptor leaves the set by its close. */
export function addToEventPoll(poll: number, fd: number, event: Buffer): number {
  return outcome(system().epollControl(poll, EPOLL_CTL_ADD, fd, event));
}

/** Of a descriptor that is in the set already. */
export function changeInEventPoll(poll: number, fd: number, event: Buffer): number {
  return outcome(system().epollControl(poll, EPOLL_CTL_MOD, fd, event));
}

export function removeFromEventPoll(poll: number, fd: number): number {
  return outcome(system().epollControl(poll, EPOLL_CTL_DEL, fd, null));
}

/** Fills `events` with at most `count`; waits so many milliseconds for the first. */
export function takeEvents(poll: number, events: Buffer, count: number, waitMs: number): number {
  return outcome(system().epollWait(poll, events, count, waitMs));
}

const F_SETPIPE_SZ = 1031;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;

/** A non-blocking pipe that holds about `size` bytes (the kernel rounds, and may refuse more than its default). */
export function openPipe(size: number): { readFd: number; writeFd: number; size: number } | number {
  const ends = Buffer.alloc(8);
  const result = outcome(system().pipe(ends, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (result < 0) return result;
  const [readFd, writeFd] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  const granted = outcome(system().fcntl(writeFd, F_SETPIPE_SZ, size));
  return { readFd, writeFd, size: granted > 0 ? granted : DEFAULT_PIPE_SIZE };
}

const DEFAULT_PIPE_SIZE = 65_536;

/** Moves at most so many bytes between a socket and a pipe; 0: the socket's peer has ended. */
export function spliceBytes(from: number, to: number, length: number): number {
  return outcome(system().splice(from, null, to, null, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}

/** Whether calls on it may wait. Its other flags are those of a socket just made: none. */
export function setBlocking(fd: number, blocking: boolean): number {
  return outcome(system().fcntl(fd, F_SETFL, blocking ? 0 : SOCK_NONBLOCK));
}
