/**
 * `net_namespace` of keepalived.conf: the process goes there before it makes a socket or runs a program, and stays. Where
 * it cannot, nothing runs: addresses in the wrong network are worse than none. Called by the processes that run from
 * keepalived.conf.
 */
import { describeErrno } from '../base/system-error.ts';
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import { moveToNamespace } from '../net/network-namespace.ts';
import type { Log } from './log.ts';

/** False: it could not, and has said so. */
export function enterNamespace({ netNamespace: name }: KeepalivedGlobal, log: Log): boolean {
  if (name === undefined) return true;
  const result = moveToNamespace(name);
  if (result < 0) log('error', `cannot enter the network namespace '${name}': ${describeErrno(-result)}`);
  return result >= 0;
}

/** It is where it is until it ends. */
export function warnOfMove(before: KeepalivedGlobal, after: KeepalivedGlobal, log: Log): void {
  if (before.netNamespace !== after.netNamespace)
    log('warning', 'another net_namespace needs a start: a reload stays in the one before');
}
