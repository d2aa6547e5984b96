/**
 * The last step of a log line: a datagram, a stream or a descriptor. None of them waits: a line that finds no
 * room is lost and counted, for logging must never hold up traffic.
 */
import { writeSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { isatty } from 'node:tty';
import type { Address } from '../../model/address.ts';
import type { LogTarget } from '../../model/log.ts';
import type { ByteLine } from '../../base/byte-line.ts';
import { monotonicMs } from '../../base/clock.ts';
import { DatagramBatch } from '../../net/datagram-batch.ts';
import { abstractPath } from '../../net/unix-listening.ts';
import { encodeIp, encodeUnix } from '../../net/socket-address.ts';
import { tuneSocket } from '../../net/socket-options.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  closeDescriptor,
  isWritable,
  makeNonBlocking,
  openDatagramSocket,
} from '../../net/system-calls.ts';

export interface LogOutlet {
  readonly lost: number;
  /** Both together are cut to `room` bytes; an LF is put behind them. Neither is kept. */
  send(header: Uint8Array, line: ByteLine, room: number): void;
  /**
   * Where the bytes behind the header can be written to at once; end() cuts and sends it as send() would. Absent: the outlet
   * wants whole lines; undefined: the line is lost.
   */
  begin?(header: Uint8Array): ByteLine | undefined;
  end?(room: number): void;
  close(): void;
}

/** `sendBuffer`: bytes of a datagram socket's, 0: the system's (`tune.sndbuf.backend`). */
export function openOutlet(target: LogTarget['target'], sendBuffer: number = 0): LogOutlet {
  switch (target.kind) {
    case 'stdout':
      return new DescriptorOutlet(1);
    case 'stderr':
      return new DescriptorOutlet(2);
    case 'fd':
      return new DescriptorOutlet(target.fd);
    case 'syslog': {
      if (target.transport === 'stream') return new StreamOutlet(connectOptions(target.address), LINES);
      const place = datagramPlace(target.address);
      return place === undefined ? new NoOutlet() : new DatagramOutlet(place, sendBuffer);
    }
    default:
      return new NoOutlet();
  }
}

/** How lines stand one behind the other in a stream, and how many bytes of them may wait. */
export interface Framing {
  /** RFC 6587, section 3.4.1: the length stands before each message; otherwise an LF behind it. */
  readonly countsOctets: boolean;
  readonly backlog?: number;
  /** Gives what is written to instead: the encrypted side. */
  readonly secure?: (socket: Socket) => Socket;
}

/** For a server of a backend in mode log. */
export function openServerOutlet(address: Address, isDatagram: boolean, framing: Framing): LogOutlet {
  if (isDatagram) return openOutlet({ kind: 'syslog', transport: 'udp', address });
  return new StreamOutlet(connectOptions(address), framing);
}

interface DatagramPlace {
  readonly family: number;
  readonly address: Buffer;
}

/** Undefined: an address no datagram can go to; such a configuration is refused before. */
function datagramPlace(address: Address): DatagramPlace | undefined {
  if (address.kind === 'ip') {
    const family = address.family === 4 ? AF_INET : AF_INET6;
    return { family, address: encodeIp(address.family, address.host, address.port) };
  }
  const path = socketPath(address);
  const bytes = path === undefined ? undefined : encodeUnix(path);
  return bytes === undefined ? undefined : { family: AF_UNIX, address: bytes };
}

function socketPath(address: Address): string | undefined {
  if (address.kind === 'unix') return address.path;
  if (address.kind !== 'abstract') return undefined;
  return address.zeroTerminated === true ? `\0${address.name}\0` : abstractPath(address.name);
}

function connectOptions(address: Address): NetConnectOpts {
  if (address.kind === 'ip' || address.kind === 'name') return { host: address.host, port: address.port };
  return { path: socketPath(address) ?? '' };
}

class NoOutlet implements LogOutlet {
  lost = 0;
  send(): void {
    this.lost++;
  }
  close(): void {}
}

/** The socket stays unconnected, so that a receiver which was away is found again by the next line. */
class DatagramOutlet implements LogOutlet {
  readonly #place: DatagramPlace;
  readonly #sendBuffer: number;
  #fd = -1;
  #batch: DatagramBatch | undefined;
  #unopened = 0;

  constructor(place: DatagramPlace, sendBuffer: number) {
    this.#place = place;
    this.#sendBuffer = sendBuffer;
  }

  get lost(): number {
    return this.#unopened + (this.#batch?.lost ?? 0);
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    const batch = this.#batch ?? this.#open();
    if (batch === undefined) this.#unopened++;
    else batch.add(header, line, room);
  }

  begin(header: Uint8Array): ByteLine | undefined {
    const batch = this.#batch ?? this.#open();
    if (batch === undefined) this.#unopened++;
    return batch?.begin(header);
  }

  end(room: number): void {
    this.#batch?.end(room);
  }

  #open(): DatagramBatch | undefined {
    const { family, address } = this.#place;
    this.#fd = openDatagramSocket(family);
    if (this.#fd < 0) return undefined;
    if (this.#sendBuffer > 0) tuneSocket(this.#fd, { sendBuffer: this.#sendBuffer });
    return (this.#batch = new DatagramBatch(this.#fd, address));
  }

  close(): void {
    this.#batch?.flush();
    if (this.#fd >= 0) closeDescriptor(this.#fd);
    this.#fd = -1;
  }
}

/** Where lines that are not gathered become bytes. */
const bytes = Buffer.allocUnsafeSlow(65_536);
const LF = 10;

/** Gives how many they are, with the LF. */
function encode(header: Uint8Array, line: ByteLine, room: number): number {
  bytes.set(header);
  line.bytes.copy(bytes, header.length, 0, line.length);
  const length = Math.min(header.length + line.length, room);
  bytes[length] = LF;
  return length + 1;
}

/**
 * Of a page or less a pipe that is writable takes everything at once. Of longer lines it may take a part: the rest
 * stands before the next line, which goes nowhere when not even that finds room.
 */
class DescriptorOutlet implements LogOutlet {
  lost = 0;
  readonly #fd: number;
  #rest: Buffer = NOTHING;

  constructor(fd: number) {
    this.#fd = fd;
    // others share a terminal: how it waits is theirs to say
    if (!isatty(fd)) makeNonBlocking(fd);
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    if (this.#rest.length > 0) this.#rest = this.#write(this.#rest) ?? this.#rest;
    const whole = bytes.subarray(0, encode(header, line, room));
    const rest = this.#rest.length > 0 ? undefined : this.#write(whole);
    if (rest === undefined) this.lost++;
    else if (rest.length > 0) this.#rest = Buffer.from(rest);
  }

  /** What is left of it; undefined: nothing was taken. */
  #write(piece: Buffer): Buffer | undefined {
    if (!isWritable(this.#fd)) return undefined;
    try {
      return piece.subarray(writeSync(this.#fd, piece));
    } catch {
      return undefined;
    }
  }

  close(): void {}
}

const NOTHING = Buffer.alloc(0);

const LINES: Framing = { countsOctets: false };

/** Bytes that may wait for a slow receiver. */
const STREAM_BACKLOG = 1 << 20;
const RECONNECT_AFTER_MS = 1000;

/** Lines one after the other over one connection, which is made again when it breaks. */
class StreamOutlet implements LogOutlet {
  lost = 0;
  readonly #options: NetConnectOpts;
  readonly #countsOctets: boolean;
  readonly #backlog: number;
  readonly #secure: Framing['secure'];
  #socket: Socket | undefined;
  #retryAtMs = 0;

  constructor(options: NetConnectOpts, { countsOctets, backlog = STREAM_BACKLOG, secure }: Framing) {
    this.#options = options;
    this.#countsOctets = countsOctets;
    this.#backlog = backlog;
    this.#secure = secure;
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    const socket = this.#socket ?? this.#connect();
    const length = encode(header, line, room);
    if (socket === undefined || socket.writableLength + length > this.#backlog) {
      this.lost++;
      return;
    }
    if (this.#countsOctets)
      socket.write(`${length - 1} ${bytes.toString('latin1', 0, length - 1)}`, 'latin1');
    else socket.write(Buffer.from(bytes.subarray(0, length)));
  }

  #connect(): Socket | undefined {
    if (monotonicMs() < this.#retryAtMs) return undefined;
    const plain = connect(this.#options);
    plain.unref();
    const socket = this.#secure?.(plain) ?? plain;
    // told by the encrypted side
    if (socket !== plain) plain.on('error', () => undefined);
    socket.on('error', () => this.lost++);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#retryAtMs = monotonicMs() + RECONNECT_AFTER_MS;
    });
    socket.resume();
    this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#socket?.end();
    this.#socket = undefined;
  }
}
