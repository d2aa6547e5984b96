/** Every sample fetch and converter by name. Compilation, docs/samples.md and the coverage table read it. */
import { FETCHES } from './fetches/all.ts';
import { CONVERTERS } from './converters/all.ts';
import type { ConverterRow, FetchRow } from './row.ts';

const fetches = new Map<string, FetchRow>(FETCHES.map(row => [row.name, row]));
const converters = new Map<string, ConverterRow>(CONVERTERS.map(row => [row.name, row]));

/** The row of a name; an alias answers what it stands for, under its own name. */
export function fetchRow(name: string): FetchRow | undefined {
  return fetches.get(name);
}

export function converterRow(name: string): ConverterRow | undefined {
  return converters.get(name);
}

export function fetchNames(): IterableIterator<string> {
  return fetches.keys();
}

export function converterNames(): IterableIterator<string> {
  return converters.keys();
}
