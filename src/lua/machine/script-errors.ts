/** How scripts fail, and how they are ended. */

/** A mistake of a script: told to it as an error with the place in the script. */
export class ScriptError extends Error {}

/** Ends a script for good: no `pcall` of its own can catch it. */
export class ScriptKilled extends Error {}

/** Ends a script that has nothing left to do (`core.done()`, `txn:done()`): no failure. */
export class ScriptEnded extends ScriptKilled {}
