/** A program that keepalived.conf names: notify scripts, trackers, checkers. */
import type { Position } from './diagnostic.ts';

/** A command line and the account that runs it. */
export interface ScriptCommand {
  readonly position: Position;
  /** The program and its arguments; never empty. */
  readonly argv: readonly string[];
  readonly user?: string;
  readonly group?: string;
}

/** Of `global_defs`: whose rights scripts have, and whether root may run what others can change. */
export interface ScriptAccounts {
  readonly scriptUser?: { readonly user: string; readonly group?: string };
  readonly enableScriptSecurity: boolean;
}
