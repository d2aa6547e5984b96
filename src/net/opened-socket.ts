/** A socket on its way to listen: what the makers of listening sockets hand to one another. */
import type { ListenSettings } from './listen-settings.ts';
import { inNamespace } from './network-namespace.ts';
import { closeDescriptor, listenOn, openDatagramSocket, openSocket } from './system-calls.ts';

/** What could not be done, and why. */
export interface Refused {
  readonly step: string;
  readonly errno: number;
}

/** What a maker got so far. */
export type Opened =
  { readonly fd: number; readonly warnings: string[]; readonly path?: PreparedPath } | Refused;

/** A socket that listens under another name. */
export interface PreparedPath {
  /** Its name becomes the one that was asked for, whoever has had it; a text says why it does not. */
  take(): string | undefined;
  giveUp(): void;
}

/** What a backlog of 0 (not configured) becomes; the kernel lowers it to net.core.somaxconn. */
export const DEFAULT_BACKLOG = 65535;

/** Not bound yet. Below 0: the error. */
export function openUnbound({ datagram, namespace }: ListenSettings, family: number): number {
  return inNamespace(namespace, () => (datagram === true ? openDatagramSocket(family) : openSocket(family)));
}

/** Datagrams come as soon as there is an address. */
export function beginListening(
  fd: number,
  { backlog, datagram }: Pick<ListenSettings, 'backlog' | 'datagram'>,
): number {
  return datagram === true ? 0 : listenOn(fd, backlog || DEFAULT_BACKLOG);
}

/** `result`: the error, negative. */
export function failed(fd: number, step: string, result: number): Opened {
  closeDescriptor(fd);
  return { step, errno: -result };
}
