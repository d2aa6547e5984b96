/** The words that start a section anywhere in a file. */
import type { SectionKind } from './line-context.ts';

export const SECTION_NAMES: readonly SectionKind[] = [
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'userlist',
  'http-errors',
  'resolvers',
  'peers',
  'mailers',
  'ring',
  'log-forward',
  'log-profile',
  'cache',
  'crt-store',
  'acme',
  'traces',
  'healthcheck',
  'namespace_list',
  'fcgi-app',
];
