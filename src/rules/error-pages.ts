/**
 * The error pages of one proxy (manual, section 4.2: errorfile, errorloc, errorfiles, http-error), compiled to a
 * table from status to answer. proxy/ asks it for every answer it makes by status.
 */
import type { RuleContext } from './context.ts';
import type { Reply } from './reply.ts';

/** Undefined: the answer could not be made (a log-format body without its data). */
export type ReplyMaker = (ctx: RuleContext) => Reply | undefined;

export type ErrorPages = ReadonlyMap<number, ReplyMaker>;
