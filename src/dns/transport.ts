/**
 * The ways to a nameserver: datagrams over a socket that is connected to it, so that the kernel drops what comes
 * from elsewhere, or a stream on which every message has its length in front (RFC 1035, section 4.2.2; RFC 7766).
 * Both open when there is something to send and close when nothing was for a while.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';

export interface NameserverAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

export interface Transport {
  send(message: Buffer): void;
  close(): void;
}

export interface TransportEvents {
  readonly received: (message: Buffer) => void;
  readonly failed: () => void;
}

const IDLE_MS = 5000;
/** What a nameserver may say behind a question: one that goes on without end is left. */
const MOST_BYTES = 1 << 20;

export class DatagramTransport implements Transport {
  readonly #address: NameserverAddress;
  readonly #events: TransportEvents;
  #socket: DatagramSocket | undefined;
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
    socket.on('error', () => this.#broken(socket));
    socket.connect(port, host, () => {
      for (const message of this.#waiting.splice(0)) this.#hand(socket, message);
    });
  }

  #hand(socket: DatagramSocket, message: Buffer): void {
    socket.send(message, error => {
      if (error !== null) this.#broken(socket);
    });
  }

  /** A port that is closed answers so (ICMP): the next message goes over a socket of its own. */
  #broken(socket: DatagramSocket): void {
    if (this.#socket !== socket) return;
    this.close();
    this.#events.failed();
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

export class StreamTransport implements Transport {
  readonly #address: NameserverAddress;
  readonly #events: TransportEvents;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  /** Since the last question. */
  #bytes = 0;

  constructor(address: NameserverAddress, events: TransportEvents) {
    this.#address = address;
    this.#events = events;
  }

  send(message: Buffer): void {
    this.#bytes = 0;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length, 0);
    this.#socket ??= this.#open();
    this.#socket.write(Buffer.concat([length, message]));
  }

  #open(): Socket {
    const { host, port } = this.#address;
    const socket = connect({ host, port, noDelay: true });
    this.#received = Buffer.alloc(0);
    socket.unref();
    socket.setTimeout(IDLE_MS, () => this.#ended(socket));
    socket.on('data', chunk => {
      this.#bytes += chunk.length;
      if (this.#bytes > MOST_BYTES) this.#ended(socket);
      else this.#take(chunk);
    });
    socket.on('end', () => this.#ended(socket));
    socket.on('error', () => {
      this.#ended(socket);
      this.#events.failed();
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      if (this.#received.length < 2) return;
      const end = 2 + this.#received.readUInt16BE(0);
      if (this.#received.length < end) return;
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      this.#events.received(message);
    }
  }

  #ended(socket: Socket): void {
    socket.destroy();
    if (this.#socket === socket) this.#socket = undefined;
  }

  close(): void {
    if (this.#socket !== undefined) this.#ended(this.#socket);
  }
}
