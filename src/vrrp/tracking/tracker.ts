/** One tracked thing, whoever follows it. */

/** Something that is up or down, or not known yet. */
export interface Tracker {
  readonly state: () => boolean | undefined;
  /** Of a script: it is being asked now. */
  readonly isRunning?: () => boolean;
  /** Of a process: how many there were, and whether a delay keeps that from counting. */
  readonly seen?: () => { readonly count: number; readonly isWaiting: boolean };
  stop(): void;
}

export interface ValueTracker {
  readonly value: () => number;
  stop(): void;
}
