/**
 * Descriptors sent over a unix socket (SCM_RIGHTS, unix(7)), with bytes that say what they are. Results are values.
 *
 *   struct msghdr   name* namelen iov* iovlen control* controllen flags      56 bytes
 *   struct cmsghdr  length level type, then the descriptors
 */
import { addressOf } from './memory-address.ts';
import { SOL_SOCKET } from './socket-options.ts';
import { receiveMessage, sendMessage } from './system-calls.ts';

/** One message carries no more (the kernel's SCM_MAX_FD). */
export const MOST_DESCRIPTORS = 253;
const HEADER = 56;
const VECTOR_AT = HEADER;
const CONTROL_AT = VECTOR_AT + 16;
const CONTROL_HEADER = 16;
const SCM_RIGHTS = 1;
const SIZE = CONTROL_AT + CONTROL_HEADER + 4 * MOST_DESCRIPTORS + 4;

/** Memory for one message; it points at itself and at `bytes`. */
function createMessage(bytes: Buffer, length: number, control: number): Buffer {
  const message = Buffer.alloc(SIZE);
  const own = BigInt(addressOf(message));
  message.writeBigUInt64LE(own + BigInt(VECTOR_AT), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(control === 0 ? 0n : own + BigInt(CONTROL_AT), 32);
  message.writeBigUInt64LE(BigInt(control), 40);
  message.writeBigUInt64LE(BigInt(addressOf(bytes)), VECTOR_AT);
  message.writeBigUInt64LE(BigInt(length), VECTOR_AT + 8);
  return message;
}

/** Lengths are in whole words of 8 bytes. */
function padded(length: number): number {
  return (length + 7) & ~7;
}

/** Never waits. Gives how many bytes were sent, or the negative error number; all descriptors went along. */
export function sendDescriptors(fd: number, bytes: Buffer, descriptors: readonly number[]): number {
  const length = CONTROL_HEADER + 4 * descriptors.length;
  const message = createMessage(bytes, bytes.length, descriptors.length === 0 ? 0 : padded(length));
  message.writeBigUInt64LE(BigInt(length), CONTROL_AT);
  message.writeInt32LE(SOL_SOCKET, CONTROL_AT + 8);
  message.writeInt32LE(SCM_RIGHTS, CONTROL_AT + 12);
  for (const [index, descriptor] of descriptors.entries())
    message.writeInt32LE(descriptor, CONTROL_AT + CONTROL_HEADER + 4 * index);
  return sendMessage(fd, message);
}

interface ReceivedDescriptors {
  /** Of the bytes. 0: the other side has ended. */
  readonly length: number;
  readonly descriptors: readonly number[];
}

/** Waits as the socket does. Descriptors are the receiver's to close. */
export function receiveDescriptors(fd: number, into: Buffer): ReceivedDescriptors | number {
  const message = createMessage(into, into.length, SIZE - CONTROL_AT);
  const length = receiveMessage(fd, message);
  if (length < 0) return length;
  const isRights =
    message.readBigUInt64LE(40) > 0n &&
    message.readInt32LE(CONTROL_AT + 8) === SOL_SOCKET &&
    message.readInt32LE(CONTROL_AT + 12) === SCM_RIGHTS;
  const count = isRights ? (Number(message.readBigUInt64LE(CONTROL_AT)) - CONTROL_HEADER) / 4 : 0;
  const descriptors = Array.from({ length: count }, (_, index) =>
    message.readInt32LE(CONTROL_AT + CONTROL_HEADER + 4 * index),
  );
  return { length, descriptors };
}
