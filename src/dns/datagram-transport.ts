/**
 * Questions as datagrams, over a socket that is connected to the nameserver, so that the kernel drops what comes from
 * elsewhere. It opens when there is something to send.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { NameserverAddress, Transport, TransportEvents } from './transport.ts';

export class DatagramTransport implements Transport {
  readonly #address: NameserverAddress;
  readonly #events: TransportEvents;
  #socket: Socket | undefined;
  #waiting: Buffer[] = [];

  constructor(address: NameserverAddress, events: TransportEvents) {
    this.#address = address;
    this.#events = events;
  }

  send(message: Buffer): void {
    const socket = this.#socket;
    if (socket === undefined) {
      this.#waiting.push(message);
      this.#open();
    } else if (this.#waiting.length > 0) this.#waiting.push(message);
    else this.#hand(socket, message);
  }

  #open(): void {
    const { family, host, port } = this.#address;
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    this.#socket = socket;
    socket.unref();
    socket.on('message', message => this.#events.received(message));
    socket.on('error', error => this.#broken(socket, error.message));
    socket.connect(port, host, () => {
      for (const message of this.#waiting.splice(0)) this.#hand(socket, message);
    });
  }

  #hand(socket: Socket, message: Buffer): void {
    socket.send(message, error => {
      if (error !== null) this.#broken(socket, error.message);
    });
  }

  /** A port that is closed answers so (ICMP): the next message goes over a socket of its own. */
  #broken(socket: Socket, cause: string): void {
    if (this.#socket !== socket) return;
    this.close();
    this.#events.failed(cause);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#waiting = [];
    if (socket === undefined) return;
    socket.removeAllListeners('message');
    try {
      socket.close();
    } catch {
      // Closed by an error already.
    }
  }
}
