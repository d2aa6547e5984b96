/** What scripts of a data thread and the control thread tell each other. Everything can be cloned. */
import type { ServerEvent, ServerEventType } from '../../model/server-event.ts';
import type { CommandAnswer, CommandOrder } from '../../model/ordered-command.ts';

export type FromScripts =
  /** The events that are wanted from now on. */
  | { readonly kind: 'hear'; readonly types: readonly ServerEventType[] }
  /** Scripts of that thread send the mails of `email-alert`. */
  | { readonly kind: 'takes-mails' }
  /** A script orders something; answered by `answered` with the same number. */
  | { readonly kind: 'order'; readonly id: number; readonly order: CommandOrder }
  | FromTalk;

export type ToScripts =
  | { readonly kind: 'event'; readonly event: ServerEvent }
  | { readonly kind: 'answered'; readonly id: number; readonly answer: CommandAnswer }
  | ToTalk;

/** Of a command of a script that runs. Texts have one char a byte; `taken`: chars, since it was last told. */
export type FromTalk =
  /** It waits for a line. */
  | { readonly kind: 'talk-wants'; readonly id: number; readonly taken: number }
  | { readonly kind: 'talk-says'; readonly id: number; readonly text: string }
  | { readonly kind: 'talk-over'; readonly id: number; readonly taken: number };

export type ToTalk =
  | { readonly kind: 'talk'; readonly id: number; readonly path: string; readonly words: readonly string[] }
  /** Empty: nothing more comes. */
  | { readonly kind: 'talk-input'; readonly id: number; readonly text: string }
  /** So many chars have gone to the client. */
  | { readonly kind: 'talk-room'; readonly id: number; readonly length: number }
  | { readonly kind: 'talk-gone'; readonly id: number };
