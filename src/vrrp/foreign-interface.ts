/** Interfaces that are no virtual MAC interface of ours, and must not be taken for one. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const LIMIT_MS = 5000;

/** There is one of that name, and it is no private macvlan as those of `use_vmac` are. */
export function isForeignInterface(name: string): boolean {
  if (!existsSync(`/sys/class/net/${name}`)) return false;
  const words = ['-details', '-oneline', 'link', 'show', 'dev', name];
  const { stdout } = spawnSync('ip', words, { encoding: 'utf8', timeout: LIMIT_MS });
  return !/\bmacvlan mode private\b/.test(stdout ?? '');
}
