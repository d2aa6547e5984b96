/** What scripts of a data thread and the control thread tell each other. Everything can be cloned. */
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';

/** A script orders something; answered by `answered` with the same number. */
export interface FromScripts {
  readonly kind: 'order';
  readonly id: number;
  readonly order: CommandOrder;
}

export interface ToScripts {
  readonly kind: 'answered';
  readonly id: number;
  readonly answer: CommandAnswer;
}
