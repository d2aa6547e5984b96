/**
 * How a process asks the one before for its listening sockets over the admin socket (`_getsocks`, `-x`): HAProxy's
 * own protocol, so that either may take over from the other.
 *
 *   asker                      giver
 *   "_getsocks\n"      ───▶
 *                      ◀───    number of sockets, 4 bytes
 *                      ◀───    up to 253 descriptors, and for each: namespace, interface (length byte, text), 4 bytes of 0
 *   4 bytes            ───▶    and so on
 */
import { MOST_DESCRIPTORS, receiveDescriptors } from './descriptor-passing.ts';
import { SOL_SOCKET } from './socket-options.ts';
import { encodeUnix } from './socket-address.ts';
import { AF_UNIX, closeDescriptor, connectSocket, openSocket, sendBytes, setOption } from './system-calls.ts';

export const ASK_FOR_SOCKETS = '_getsocks';

export interface PassedSocket {
  readonly fd: number;
  readonly interface: string | undefined;
  readonly namespace: string | undefined;
}

const SO_RCVTIMEO = 20;
const EINTR = -4;
/** As HAProxy has it. */
const PATIENCE_S = 1;
const OPTIONS_BYTES = 4;
/** Of one socket: name of a namespace, of an interface. */
const MOST_BYTES = 1 + 255 + 1 + 255 + OPTIONS_BYTES;

/** What stands beside the descriptors of one message. */
export function describeSockets(sockets: readonly PassedSocket[]): Buffer {
  return Buffer.concat(
    sockets.map(socket => {
      return Buffer.concat([
        shortText(socket.namespace),
        shortText(socket.interface),
        Buffer.alloc(OPTIONS_BYTES),
      ]);
    }),
  );
}

/** Behind a byte that tells its length. */
function shortText(text = ''): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

type Description = Pick<PassedSocket, 'interface' | 'namespace'>;

/** One for each of `count` sockets; undefined: it does not read like that. */
function readDescriptions(bytes: Buffer, count: number): readonly Description[] | undefined {
  const descriptions: Description[] = [];
  let at = 0;
  const text = (): string | undefined => {
    const length = bytes[at] ?? 0;
    at += 1 + length;
    return length === 0 ? undefined : bytes.toString('latin1', at - length, at);
  };
  for (let index = 0; index < count; index++) {
    const namespace = text();
    descriptions.push({ namespace, interface: text() });
    at += OPTIONS_BYTES;
  }
  return at > bytes.length ? undefined : descriptions;
}

/** Asks at a path and waits: before anything is served. A text says what went wrong. */
export function askForSockets(path: string): readonly PassedSocket[] | string {
  const address = encodeUnix(path);
  const fd = address === undefined ? -1 : openSocket(AF_UNIX, 'blocking');
  if (fd < 0 || address === undefined) return `cannot make a socket for '${path}'`;
  const patience = Buffer.alloc(16);
  patience.writeBigInt64LE(BigInt(PATIENCE_S), 0);
  setOption(fd, SOL_SOCKET, SO_RCVTIMEO, patience);
  const connected = connectSocket(fd, address) >= 0;
  const answer = connected ? converse(fd) : `Failed to connect to the old process socket '${path}'`;
  closeDescriptor(fd);
  return answer;
}

function converse(fd: number): readonly PassedSocket[] | string {
  const number = Buffer.alloc(4);
  const asked = sendBytes(fd, Buffer.from(`${ASK_FOR_SOCKETS}\n`));
  const first = asked < 0 ? asked : receive(fd, number);
  if (typeof first === 'number' || first.length !== number.length)
    return 'Failed to get the number of sockets to be transferred !';
  const wanted = number.readInt32LE(0);
  const fds: number[] = [];
  const descriptions: Description[] = [];
  const bytes = Buffer.alloc(MOST_DESCRIPTORS * MOST_BYTES);
  while (fds.length < wanted) {
    const part = receive(fd, bytes);
    if (typeof part === 'number' || part.length === 0 || part.descriptors.length === 0) break;
    sendBytes(fd, number);
    fds.push(...part.descriptors);
    const described = readDescriptions(bytes.subarray(0, part.length), part.descriptors.length);
    if (described === undefined) break;
    descriptions.push(...described);
  }
  if (fds.length === wanted && descriptions.length === wanted)
    return fds.map((one, index) => ({ ...(descriptions[index] as Description), fd: one }));
  for (const one of fds) closeDescriptor(one);
  return `We didn't get the expected number of sockets (expecting ${wanted} got ${fds.length})`;
}

function receive(fd: number, into: Buffer): ReturnType<typeof receiveDescriptors> {
  for (;;) {
    const received = receiveDescriptors(fd, into);
    if (received !== EINTR) return received;
  }
}
