/** The `raw-socket` addon: the part of it we use, loaded at the first instance. It runs on the main thread only. */
import { createRequire } from 'node:module';

export interface RawSocket {
  setOption(level: number, option: number, value: Buffer | number, length?: number): void;
  on(event: 'message', listener: (packet: Buffer, source: string) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  pauseRecv(): void;
  resumeRecv(): void;
  close(): void;
}

interface RawSocketModule {
  readonly createSocket: (options: {
    protocol: number;
    addressFamily: number;
    bufferSize: number;
  }) => RawSocket;
  readonly AddressFamily: { readonly IPv4: number; readonly IPv6: number };
}

export function createRawSocket(family: 4 | 6, protocol: number, bufferSize: number): RawSocket {
  const raw = createRequire(import.meta.url)('raw-socket') as RawSocketModule;
  const addressFamily = family === 4 ? raw.AddressFamily.IPv4 : raw.AddressFamily.IPv6;
  return raw.createSocket({ protocol, addressFamily, bufferSize });
}
