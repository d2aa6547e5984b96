/**
 * Lists of the kernel's netfilter through a netlink socket: tracked connections and elements of sets. They may be long: between
 * two pieces of one (32 kB) others have their turn. Called by count-connections.ts.
 */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { closeDescriptor } from '../../net/system-calls.ts';
import { AF_NETLINK, errorText, openRawSocket, receive, sendTo, SOCK_RAW } from '../../vrrp/kernel-calls.ts';
import {
  decodeMessages,
  encodeMessage,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../../vrrp/netlink-message.ts';

const NETLINK_NETFILTER = 12;
/** struct nfgenmsg: family, version, number of a queue or group. */
const HEAD = 4;
const RECEIVE_SIZE = 1 << 17;

export class NetfilterSocket {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(RECEIVE_SIZE);
  readonly #kernel = Buffer.alloc(12);
  #sequence = 0;

  /** Throws where there is no such socket. */
  constructor() {
    this.#fd = openRawSocket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    if (this.#fd < 0) throw new Error(`cannot open a netfilter socket: ${errorText(this.#fd)}`);
    this.#kernel.writeUInt16LE(AF_NETLINK, 0);
  }

  /**
   * Gives the attributes of each object to `each`, valid within that call. Resolves to what is wrong, or to undefined. One
   * list at a time.
   */
  async list(
    type: number,
    family: number,
    attributes: readonly Buffer[],
    each: (attributes: Buffer) => void,
  ): Promise<string | undefined> {
    const sequence = ++this.#sequence;
    const body = Buffer.concat([Buffer.from([family, 0, 0, 0]), ...attributes]);
    const sent = sendTo(
      this.#fd,
      encodeMessage(type, NLM_F_REQUEST | NLM_F_DUMP, sequence, body),
      this.#kernel,
    );
    if (sent < 0) return errorText(sent);
    for (;;) {
      const length = receive(this.#fd, this.#buffer);
      if (length < 0) return errorText(length);
      for (const message of decodeMessages(this.#buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) return troubleOf(message.body);
        each(message.body.subarray(HEAD));
      }
      await othersTurn();
    }
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}

function troubleOf(body: Buffer): string | undefined {
  const code = body.length < 4 ? 0 : body.readInt32LE(0);
  return code < 0 ? errorText(code) : undefined;
}
