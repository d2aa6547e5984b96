/**
 * Reads many packets of a raw socket by one recvmmsg(2), into memory that all sockets share: what it hands over is good
 * until the call returns. Called by advert-queue.ts.
 *
 *   struct mmsghdr[COUNT]  name* namelen iov* iovlen control* controllen flags len      64 bytes each
 *   struct iovec[COUNT]    base* length                                                 16 bytes each
 *   struct sockaddr[COUNT] family port flowinfo address scope                           32 bytes each
 */
import { addressOf } from '../net/memory-address.ts';
import { receiveMany } from './kernel-calls.ts';

export const BATCH_PACKETS = 64;
/** The longest: an IPv4 header with options, and 255 IPv6 addresses. */
const PACKET = 4352;
const MESSAGE = 64;
const NAME_LENGTH = 8;
const IOV = 16;
const IOV_COUNT = 24;
const LENGTH = 56;
const VECTOR = 16;
const VECTORS_AT = BATCH_PACKETS * MESSAGE;
const NAME = 32;
const SOCKADDR_IN6 = 28;
const SOCKADDR_ADDRESS = 8;
const NAMES_AT = VECTORS_AT + BATCH_PACKETS * VECTOR;

/** `ipv6Source`: 16 bytes; means nothing for IPv4, whose header is part of the packet. */
type TakePacket = (packet: Buffer, ipv6Source: Buffer) => void;

class PacketBatch {
  readonly #headers = Buffer.alloc(NAMES_AT + BATCH_PACKETS * NAME);
  readonly #bytes = Buffer.allocUnsafeSlow(BATCH_PACKETS * PACKET);

  constructor() {
    const headersAddress = addressOf(this.#headers);
    const bytesAddress = addressOf(this.#bytes);
    for (let index = 0; index < BATCH_PACKETS; index++) {
      const message = index * MESSAGE;
      const vector = VECTORS_AT + index * VECTOR;
      this.#pointAt(message, headersAddress + NAMES_AT + index * NAME);
      this.#headers.writeUInt32LE(SOCKADDR_IN6, message + NAME_LENGTH);
      this.#pointAt(message + IOV, headersAddress + vector);
      this.#headers.writeUInt32LE(1, message + IOV_COUNT);
      this.#pointAt(vector, bytesAddress + index * PACKET);
      this.#headers.writeUInt32LE(PACKET, vector + 8);
    }
  }

  read(fd: number, take: TakePacket): number {
    const count = receiveMany(fd, this.#headers, BATCH_PACKETS);
    for (let index = 0; index < count; index++) {
      const message = index * MESSAGE;
      const name = NAMES_AT + index * NAME + SOCKADDR_ADDRESS;
      // the kernel has written how long it really was
      this.#headers.writeUInt32LE(SOCKADDR_IN6, message + NAME_LENGTH);
      const length = this.#headers.readUInt32LE(message + LENGTH);
      take(
        this.#bytes.subarray(index * PACKET, index * PACKET + length),
        this.#headers.subarray(name, name + 16),
      );
    }
    return count;
  }

  #pointAt(offset: number, address: number): void {
    this.#headers.writeBigUInt64LE(BigInt(address), offset);
  }
}

let batch: PacketBatch | undefined;

/** Gives how many there were, at most BATCH_PACKETS, or a negative errno; never waits. */
export function readPackets(fd: number, take: TakePacket): number {
  batch ??= new PacketBatch();
  return batch.read(fd, take);
}
