/** Gives a new process the listening sockets of this one (`_getsocks`): the giver's side of net/listener-exchange.ts. */
import type { Socket } from 'node:net';
import { descriptorOf } from './descriptor-of.ts';
import { MOST_DESCRIPTORS, sendDescriptors } from '../net/descriptor-passing.ts';
import { describeSockets, type PassedSocket } from '../net/listener-exchange.ts';

const PATIENCE_MS = 1000;

/** What went wrong, if anything. Nobody else reads from the socket meanwhile. */
export async function passSockets(
  socket: Socket,
  sockets: readonly PassedSocket[],
): Promise<string | undefined> {
  const count = Buffer.alloc(4);
  count.writeInt32LE(sockets.length);
  if (sockets.length === 0) return undefined;
  if (sendDescriptors(descriptorOf(socket), count, []) !== count.length)
    return 'Failed to send the number of sockets to send';
  for (let first = 0; first < sockets.length; first += MOST_DESCRIPTORS) {
    const part = sockets.slice(first, first + MOST_DESCRIPTORS);
    const bytes = describeSockets(part);
    const fds = part.map(({ fd }) => fd);
    const acknowledged = acknowledgement(socket);
    if (sendDescriptors(descriptorOf(socket), bytes, fds) !== bytes.length)
      return 'Failed to transfer sockets';
    if (!(await acknowledged)) return 'Unexpected error while transferring sockets';
  }
  return undefined;
}

async function acknowledgement(socket: Socket): Promise<boolean> {
  return new Promise(resolve => {
    const over = (came: boolean): void => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(came);
    };
    const onData = (): void => over(true);
    const onClose = (): void => over(false);
    const timer = setTimeout(onClose, PATIENCE_MS);
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}
