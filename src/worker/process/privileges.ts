/**
 * Gives up what the start needed (manual, `chroot`, `user`, `group`, `uid`, `gid`, `insecure-setuid-wanted`,
 * `set-dumpable`): once addresses are bound and all threads are loaded, before the first connection is accepted.
 * The C library carries a change of user to all threads.
 */
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import type { Global } from '../../model/global.ts';
import { allowCoreDumps, enterRoot } from './process-calls.ts';

type PrivilegeWords = Pick<Global, 'chroot' | 'uid' | 'gid' | 'flags'>;

/** True when files that could be read at the start may be out of reach afterwards. */
export function dropsPrivileges({ chroot, uid, gid }: PrivilegeWords): boolean {
  return chroot !== undefined || uid !== undefined || gid !== undefined;
}

/** Undefined: done; otherwise what was refused, and the program must not go on. */
export function dropPrivileges(words: PrivilegeWords, warn: (text: string) => void): string | undefined {
  return (
    changeRoot(words.chroot) ??
    changeGroup(words.gid, warn) ??
    changeUser(words.uid) ??
    (words.flags.has('set-dumpable') ? dumpable(warn) : undefined)
  );
}

/** The folder of `auto` loses its name while it is still ours to remove, and stays as somebody's root. */
function changeRoot(chroot: string | undefined): string | undefined {
  if (chroot === undefined) return undefined;
  const folder = chroot === 'auto' ? mkdtempSync(join(tmpdir(), 'lb-root-')) : chroot;
  return attempt(() => {
    process.chdir(folder);
    if (chroot === 'auto') rmdirSync(folder);
    const refused = enterRoot('.');
    if (refused < 0) throw Object.assign(new Error(), { code: getSystemErrorName(refused) });
    process.chdir('/');
  }, `Cannot chroot(${folder})`);
}

/** Further groups of the starting user would still open doors. */
function changeGroup(gid: number | undefined, warn: (text: string) => void): string | undefined {
  if (gid === undefined || gid === 0) return undefined;
  try {
    process.setgroups?.([]);
  } catch {
    warn(
      `Failed to drop supplementary groups. Using 'gid'/'group' without 'uid'/'user' is generally useless.`,
    );
  }
  return attempt(() => process.setgid?.(gid), `Cannot set gid ${gid}`);
}

function changeUser(uid: number | undefined): string | undefined {
  if (uid === undefined || uid === 0) return undefined;
  return attempt(() => process.setuid?.(uid), `Cannot set uid ${uid}`);
}

function attempt(change: () => void, failure: string): string | undefined {
  try {
    change();
    return undefined;
  } catch (error) {
    return `${failure}: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`;
  }
}

/** The kernel turns core dumps off when the user changes. */
function dumpable(warn: (text: string) => void): undefined {
  if (allowCoreDumps() < 0) warn('Failed to set the dumpable flag, no core will be dumped.');
  return undefined;
}
