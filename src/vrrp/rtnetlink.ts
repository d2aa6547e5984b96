/**
 * Links and addresses of the kernel through one rtnetlink socket: dumps, adding and removing. Synchronous: the kernel
 * answers inside the call, some 20 µs an address. Errors are negative errnos. Called by network.ts.
 */
import { closeDescriptor } from '../net/system-calls.ts';
import { AF_NETLINK, errorText, openRawSocket, receive, sendTo, SOCK_RAW } from './kernel-calls.ts';
import {
  decodeMessages,
  encodeMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  type NetlinkMessage,
} from './netlink-message.ts';

const RECEIVE_SIZE = 1 << 18;

export class Rtnetlink {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(RECEIVE_SIZE);
  readonly #kernel = Buffer.alloc(12);
  #sequence = 0;

  constructor() {
    this.#fd = openRawSocket(AF_NETLINK, SOCK_RAW, 0);
    if (this.#fd < 0) throw new Error(`cannot open an rtnetlink socket: ${errorText(this.#fd)}`);
    this.#kernel.writeUInt16LE(AF_NETLINK, 0);
  }

  /** 0, or the negative errno the kernel gave. */
  change(type: number, flags: number, body: Buffer): number {
    const sequence = ++this.#sequence;
    const sent = sendTo(
      this.#fd,
      encodeMessage(type, NLM_F_REQUEST | NLM_F_ACK | flags, sequence, body),
      this.#kernel,
    );
    if (sent < 0) return sent;
    for (;;) {
      const length = receive(this.#fd, this.#buffer);
      if (length < 0) return length;
      for (const message of decodeMessages(this.#buffer.subarray(0, length)))
        if (message.sequence === sequence && message.type === NLMSG_ERROR) return message.body.readInt32LE(0);
    }
  }

  /** Every object of a kind; an empty list when the kernel refuses. */
  dump(type: number, body: Buffer): NetlinkMessage[] {
    const sequence = ++this.#sequence;
    const found: NetlinkMessage[] = [];
    if (sendTo(this.#fd, encodeMessage(type, NLM_F_REQUEST | NLM_F_DUMP, sequence, body), this.#kernel) < 0)
      return found;
    for (;;) {
      const length = receive(this.#fd, this.#buffer);
      if (length < 0) return found;
      for (const message of decodeMessages(this.#buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) return found;
        found.push({ ...message, body: Buffer.from(message.body) });
      }
    }
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
