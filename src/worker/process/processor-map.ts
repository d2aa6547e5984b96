/**
 * Which processors each data thread runs on (manual, `cpu-map`, `cpu-set`): the lines of the global section as
 * sets of numbers. All data threads are thread group 1.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { readCpus, readThreadTarget } from '../../config-parser/processor-set.ts';
import type { Word } from '../../model/word.ts';

type Lines = readonly (readonly Word[])[];

/** By thread, from 1; undefined: anywhere. A later line replaces an earlier one where they overlap. */
export function mapProcessors(lines: Lines, nbthread: number): readonly (readonly number[] | undefined)[] {
  const map: (readonly number[] | undefined)[] = Array.from({ length: nbthread + 1 }, () => undefined);
  for (const line of lines) {
    const [keyword, target, ...sets] = line.map(({ text }) => text);
    if (keyword !== 'cpu-map' || target === undefined) continue;
    const one = readThreadTarget(target);
    if (one.group !== 1) continue;
    const cpus = readCpus(sets);
    for (const [index, thread] of one.threads.entries()) {
      if (thread > nbthread) continue;
      map[thread] = one.spread ? cpus.slice(index, index + 1) : cpus;
    }
  }
  return map;
}

/** `cpu-set only-cpu|drop-cpu`: the processors that may be used out of those the process was given. */
export function allowedProcessors(lines: Lines, given: readonly number[]): readonly number[] {
  let allowed = given;
  for (const line of lines) {
    const words = line.map(({ text }) => text);
    if (words[0] !== 'cpu-set') continue;
    for (let at = 1; at < words.length; at += words[at] === 'reset' ? 1 : 2) {
      const set = new Set(readCpus([words[at + 1] ?? '']));
      if (words[at] === 'only-cpu') allowed = allowed.filter(cpu => set.has(cpu));
      else if (words[at] === 'drop-cpu') allowed = allowed.filter(cpu => !set.has(cpu));
    }
  }
  return allowed;
}

/** Those the process may run on, as whoever started it left them. Where there is no /proc only their number is known. */
export function givenProcessors(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(ownStatus())?.[1];
  return list === undefined ? [...Array(availableParallelism()).keys()] : readCpus([list]);
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'latin1');
  } catch {
    return '';
  }
}
