/** Commands of the admin socket that do not come from there, and what was answered. Everything can be cloned. */
export interface CommandOrder {
  /** One after the other; the first that fails is the last. */
  readonly commands: readonly OrderedCommand[];
  /** Words of the command that follows one that failed. */
  readonly undo?: readonly string[];
}

interface OrderedCommand {
  readonly words: readonly string[];
  readonly payload?: string;
}

/** Of the last one that was run. */
export interface CommandAnswer {
  /** Empty: it was done, there is nothing to say. */
  readonly text: string;
  readonly failed: boolean;
}
