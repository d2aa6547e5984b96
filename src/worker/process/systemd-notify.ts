/** Tells systemd how the service is (sd_notify(3)): one datagram to the socket named in NOTIFY_SOCKET. */
import { writeSync } from 'node:fs';
import { encodeUnix } from '../../net/socket-address.ts';
import { AF_UNIX, closeDescriptor, connectSocket, openDatagramSocket } from '../../net/system-calls.ts';

type ServiceState = 'ready' | 'reloading' | 'reload failed' | 'stopping';

export class SystemdNotify {
  readonly #address: Buffer | undefined;

  /** `path`: of the environment; an `@` stands for the NUL of an abstract socket. Undefined: nobody wants to know. */
  constructor(path: string | undefined) {
    this.#address = path === undefined ? undefined : encodeUnix(path.replace(/^@/, '\0'));
  }

  tell(state: ServiceState): void {
    this.#send(TEXTS[state]());
  }

  #send(text: string): void {
    if (this.#address === undefined) return;
    const fd = openDatagramSocket(AF_UNIX);
    if (fd < 0) return;
    try {
      if (connectSocket(fd, this.#address) >= 0) writeSync(fd, text);
    } catch {
      // nobody listens: systemd will notice by itself
    }
    closeDescriptor(fd);
  }
}

/** systemd compares the time with its own when the service is of type notify-reload. */
function monotonicUs(): bigint {
  return process.hrtime.bigint() / 1000n;
}

const TEXTS: Readonly<Record<ServiceState, () => string>> = {
  ready: () => `READY=1\nMAINPID=${process.pid}\nSTATUS=Ready.\n`,
  reloading: () => `RELOADING=1\nMONOTONIC_USEC=${monotonicUs()}\nSTATUS=Reloading Configuration.\n`,
  'reload failed': () => 'READY=1\nSTATUS=Reload failed!\n',
  stopping: () => 'STOPPING=1\nSTATUS=Stopping.\n',
};
