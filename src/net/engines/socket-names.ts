/** Both ends of a socket, as the kernel knows them. */
import type { Endpoint } from '../connection.ts';
import { ADDRESS_SIZE, decodeAddress } from '../socket-address.ts';
import { SOL_SOCKET } from '../socket-options.ts';
import { AF_UNIX, getOption, peerName, socketName } from '../system-calls.ts';

/** Of a socket that the kernel has nothing to say of any more. */
export const UNKNOWN: Endpoint = { family: 0, host: '', port: 0 };

const nameBytes = Buffer.alloc(ADDRESS_SIZE);

/** Unlike getpeername() the kernel answers it for a connection that is over, too, to who asks for no byte too many. */
const SO_PEERNAME = 28;

function formerPeerName(fd: number, into: Buffer): number {
  const length = socketName(fd, into);
  return length < 0 ? length : getOption(fd, SOL_SOCKET, SO_PEERNAME, into.subarray(0, length));
}

/** Also of one whose peer has reset it before anybody asked. Undefined: it was never connected, or is closed. */
export function remoteOf(fd: number): Endpoint | undefined {
  return endpointBy(peerName, fd) ?? endpointBy(formerPeerName, fd);
}

/** Undefined: it is closed. */
export function localOf(fd: number): Endpoint | undefined {
  return endpointBy(socketName, fd);
}

/** One that has no name of the internet, at any rate. */
export function isUnixSocket(fd: number): boolean {
  return socketName(fd, nameBytes) < 2 || nameBytes.readUInt16LE(0) === AF_UNIX;
}

function endpointBy(ask: (fd: number, into: Buffer) => number, fd: number): Endpoint | undefined {
  const length = fd < 0 ? -1 : ask(fd, nameBytes);
  return length < 0 ? undefined : decodeAddress(nameBytes, length);
}
