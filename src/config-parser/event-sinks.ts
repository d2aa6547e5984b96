/** Where events can go: the rings of a configuration, those that are always there, and the standard streams. */
import type { Config } from '../model/config.ts';

/** A ring no configuration has to declare: the `debug` converter's, unless it names another. */
export const STANDARD_RING = 'buf0';

/** Another one: what tools that keep the records of names have to do for `acme` sections. */
export const ACME_RING = 'dpapi';

export const STREAM_SINKS = ['stdout', 'stderr'] as const;

export function ringNames({ otherSections }: Config): readonly string[] {
  const sections = otherSections.filter(({ kind }) => kind === 'ring');
  return [STANDARD_RING, ACME_RING, ...sections.map(({ name }) => name)];
}
