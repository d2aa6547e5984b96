/** What may still change its ways is only for those who have asked for it (manual, `expose-experimental-directives`). */

/** Behind the name of what was written. */
export const MUST_BE_ALLOWED = `must be allowed via a global 'expose-experimental-directives'`;
