/**
 * Whom the kernel has let in on a socket that is about to be closed, or left to other processes: they are served.
 * A closed socket would reset them; and where others listen on it too, the kernel may have told of them here alone.
 */
import { acceptNow, makeNonBlocking } from './system-calls.ts';

/** More than a thread that was busy for a moment can have left waiting. */
const MOST_WAITING = 1000;

export function takeWaiting(listening: number, accepted: (fd: number) => void): void {
  makeNonBlocking(listening);
  for (let count = 0; count < MOST_WAITING; count++) {
    const fd = acceptNow(listening);
    if (fd < 0) return;
    accepted(fd);
  }
}
