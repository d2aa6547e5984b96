/**
 * The `raw-socket` addon: a raw socket and the news that packets wait in it; they are read by packet-batch.ts. It is
 * loaded at the first instance, and runs on the main thread only.
 */
import { createRequire } from 'node:module';
import { getOption } from '../net/system-calls.ts';
import { SOL_SOCKET } from './kernel-calls.ts';

const SO_COOKIE = 57;
const MOST_DESCRIPTORS = 1 << 16;

export interface RawSocket {
  readonly fd: number;
  setOption(level: number, option: number, value: Buffer | number, length?: number): void;
  /** No more news of packets for now. */
  pause(): void;
  resume(): void;
  close(): void;
}

interface AddonSocket {
  setOption(level: number, option: number, value: Buffer | number, length?: number): void;
  getOption(level: number, option: number, value: Buffer, length: number): number;
  onRecvReady(): void;
  on(event: 'error', listener: (error: Error) => void): void;
  pauseRecv(): void;
  resumeRecv(): void;
  close(): void;
}

interface Addon {
  readonly Socket: new (options: {
    protocol: number;
    addressFamily: number;
    bufferSize: number;
  }) => AddonSocket;
  readonly AddressFamily: { readonly IPv4: number; readonly IPv6: number };
}

export function createRawSocket(
  family: 4 | 6,
  protocol: number,
  onReadable: () => void,
  onError: (error: Error) => void,
): RawSocket {
  const { Socket, AddressFamily } = loadAddon();
  class Watched extends Socket {
    // the addon's own would read one packet, at ten times the price
    override onRecvReady(): void {
      onReadable();
    }
  }
  const addressFamily = family === 4 ? AddressFamily.IPv4 : AddressFamily.IPv6;
  const socket = new Watched({ protocol, addressFamily, bufferSize: 1 });
  socket.on('error', onError);
  return {
    fd: descriptorOf(socket),
    setOption: (...args) => socket.setOption(...args),
    pause: () => socket.pauseRecv(),
    resume: () => socket.resumeRecv(),
    close: () => socket.close(),
  };
}

/** It is compiled for one version of Node.js: after another one was installed it has to be made anew. */
function loadAddon(): Addon {
  try {
    return createRequire(import.meta.url)('raw-socket') as Addon;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    const message = `Node.js ${process.version} cannot load the addon raw-socket (npm rebuild raw-socket): ${reason}`;
    throw new Error(message, { cause: error });
  }
}

/** The addon does not tell it: the one of our descriptors with the same cookie in the kernel. */
function descriptorOf(socket: AddonSocket): number {
  const wanted = Buffer.alloc(8);
  socket.getOption(SOL_SOCKET, SO_COOKIE, wanted, wanted.length);
  const cookie = Buffer.alloc(8);
  for (let fd = 0; fd < MOST_DESCRIPTORS; fd++)
    if (getOption(fd, SOL_SOCKET, SO_COOKIE, cookie) > 0 && cookie.equals(wanted)) return fd;
  throw new Error('the raw socket has no descriptor');
}
