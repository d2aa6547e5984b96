/** What became of a command on certificates: the words for who gave it, and what threads have to be told. */
import type { TlsChange } from '../model/tls-material.ts';

export interface Outcome {
  readonly isDone: boolean;
  readonly text: string;
  readonly changes: readonly TlsChange[];
}

export function done(text: string, changes: readonly TlsChange[] = []): Outcome {
  return { isDone: true, text, changes };
}

export function refused(text: string): Outcome {
  return { isDone: false, text, changes: [] };
}
