/**
 * The one table of keywords that are understood but do not do what the manual says yet. `NOT_SUPPORTED_YET`
 * gives a warning and is emptied as the program grows; `NO_EFFECT` are settings of machinery this program does
 * not have (memory pools, pollers, ...), for which a notice is enough.
 * Names are those of the keyword rows; `section peers` stands for a whole section.
 */

export const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  'section acme',
  'section cache',
  'section crt-store',
  'section fcgi-app',
  'section healthcheck',
  'section log-forward',
  'section log-profile',
  'section mailers',
  'section namespace_list',
  'section peers',
  'section resolvers',
  'section ring',
  'section traces',
  'lua-load',
  'lua-load-per-thread',
  'lua-prepend-path',
]);

export const NO_EFFECT: ReadonlySet<string> = new Set<string>([]);
