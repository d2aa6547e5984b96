/**
 * Receives datagrams on a bound socket (net/listening-socket.ts makes them), of the internet or a unix one.
 *
 * Node knows datagrams of the internet only. Its socket asks what a descriptor is when it is adopted, not later: for a
 * unix socket it adopts an internet one, and the unix socket takes the place of that behind the same number, before
 * the event loop has looked at it for the first time.
 */
import { createSocket } from 'node:dgram';
import { AF_INET, closeDescriptor, openDatagramSocket, replaceDescriptor } from './system-calls.ts';

export interface DatagramReceiver {
  close(): void;
}

/** `sender`: an IP address; undefined for those of a unix socket. The bytes are the handler's to keep. */
type OnDatagram = (bytes: Buffer, sender: string | undefined) => void;

/** The descriptor belongs to the receiver. */
export function receiveDatagrams(
  fd: number,
  kind: 'internet' | 'unix',
  onDatagram: OnDatagram,
  onError: (code: string) => void,
): DatagramReceiver {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { address }) => onDatagram(bytes, senderOf(kind, address)));
  socket.on('error', error => onError((error as NodeJS.ErrnoException).code ?? error.message));
  if (kind === 'internet') socket.bind({ fd, exclusive: true });
  else {
    const standIn = openDatagramSocket(AF_INET);
    socket.bind({ fd: standIn, exclusive: true });
    replaceDescriptor(fd, standIn);
    closeDescriptor(fd);
  }
  return { close: () => socket.close() };
}

/** Without the zone of a link-local address. */
function senderOf(kind: 'internet' | 'unix', address: string): string | undefined {
  return kind === 'unix' ? undefined : address.replace(/%.*$/, '');
}
