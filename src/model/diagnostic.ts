/**
 * What the program has to say about a configuration: errors stop the load, warnings do not.
 * Produced by config-parser/, acl/ and rules/; rendered by config-parser/diagnostic.ts in HAProxy's shape.
 */

/** Where a word stands in the text a user wrote. */
export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based; 0 when only the line is known. */
  readonly column: number;
}

export type Severity = 'alert' | 'warning' | 'notice' | 'diag';

export interface Diagnostic {
  readonly severity: Severity;
  /** An alert that does not stop the load: HAProxy's `already specified. Continuing.` and the like. */
  readonly harmless?: boolean;
  /** Line 0 when it is about no line: then no place is printed. */
  readonly position: Position;
  /** Worded as HAProxy words it where it has the same message. */
  readonly message: string;
  /** "did you mean 'listen' maybe ?" */
  readonly hint?: string;
}
