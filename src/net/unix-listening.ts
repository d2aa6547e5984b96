/** Listening sockets of the unix family: with a path, whose owner and mode they get, or with an abstract name. */
import { chmodSync, chownSync, renameSync, unlinkSync } from 'node:fs';
import { describeSystemError } from '../base/system-error.ts';
import type { ListenSettings } from './listen-settings.ts';
import { beginListening, failed, openUnbound, type Opened, type PreparedPath } from './opened-socket.ts';
import { encodeUnix } from './socket-address.ts';
import { AF_UNIX, bindSocket } from './system-calls.ts';

const ENAMETOOLONG = 36;

function openUnix(settings: ListenSettings, address: Buffer | undefined): Opened {
  if (address === undefined) return { step: 'cannot bind UNIX socket', errno: ENAMETOOLONG };
  const fd = openUnbound(settings, AF_UNIX);
  if (fd < 0) return { step: 'cannot create receiving socket', errno: -fd };
  const bound = bindSocket(fd, address);
  if (bound < 0) return failed(fd, 'cannot bind UNIX socket', bound);
  const listening = beginListening(fd, settings);
  return listening < 0 ? failed(fd, 'cannot listen to socket', listening) : { fd, warnings: [] };
}

/**
 * Bound to a temporary name, owned and listening before it takes the place of an older socket: whoever connects
 * during a reload reaches either the old process or the new one.
 */
export function openPath(settings: ListenSettings, path: string): Opened {
  const temporary = `${path}.${process.pid}.tmp`;
  remove(temporary);
  const opened = openUnix(settings, encodeUnix(temporary));
  if ('step' in opened) {
    remove(temporary);
    return opened;
  }
  try {
    if (settings.uid !== undefined || settings.gid !== undefined)
      chownSync(temporary, settings.uid ?? -1, settings.gid ?? -1);
    if (settings.mode !== undefined) chmodSync(temporary, settings.mode);
    if (settings.isPrepared === true) return { ...opened, path: preparedPath(temporary, path) };
    renameSync(temporary, path);
    return opened;
  } catch (error) {
    remove(temporary);
    const errno = -((error as NodeJS.ErrnoException).errno ?? 0);
    return failed(opened.fd, 'cannot change UNIX socket ownership or name', -errno);
  }
}

function preparedPath(temporary: string, path: string): PreparedPath {
  return {
    take: () => {
      try {
        renameSync(temporary, path);
        return undefined;
      } catch (error) {
        return `cannot rename UNIX socket (${describeSystemError(error)}) for [${path}]`;
      }
    },
    giveUp: () => remove(temporary),
  };
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Nothing there, or nothing we may touch: bind tells.
  }
}

export function openAbstract(settings: ListenSettings, name: string): Opened {
  return openUnix(settings, encodeUnix(abstractPath(name)));
}

const SUN_PATH_SIZE = 108;

/** The name of an `abns@` address as a socket path: padded with NULs to the full length, as HAProxy has it. */
export function abstractPath(name: string): string {
  return `\0${name}`.padEnd(SUN_PATH_SIZE - Buffer.byteLength(name) + name.length, '\0');
}
