/** The scripts of a data thread, and what they and the control thread tell each other. */
import type { LuaHost } from '../../lua/host.ts';
import type { LuaProgram } from '../../lua/program.ts';
import type { CommandAnswer, CommandOrder } from '../../model/ordered-command.ts';
import type { ServerEventType } from '../../model/server-event.ts';
import type { FromScripts, ToScripts, ToTalk } from './script-messages.ts';
import { TalkWire } from './talk-wire.ts';
import { loadScripts, type ScriptThread } from './scripts.ts';

interface ThreadScriptsParts
  extends Omit<ScriptThread, 'serving'>, Pick<LuaHost, 'variables' | 'publish' | 'findAddress'> {
  readonly view: LuaHost['view'];
  readonly tell: (message: FromScripts) => void;
}

export class ThreadScripts {
  /** Undefined: the configuration loads none. */
  readonly program: LuaProgram | undefined;
  readonly #tell: (message: FromScripts) => void;
  readonly #waiting = new Map<number, (answer: CommandAnswer) => void>();
  readonly #talks = new Map<number, TalkWire>();
  #lastOrder = 0;

  constructor({ tell, variables, view, publish, findAddress, ...loading }: ThreadScriptsParts) {
    this.#tell = tell;
    const command = (order: CommandOrder, done: (answer: CommandAnswer) => void): void =>
      this.#command(order, done);
    const hear = (types: readonly ServerEventType[]): void => tell({ kind: 'hear', types });
    const takeMails = (): void => tell({ kind: 'takes-mails' });
    this.program = loadScripts({
      ...loading,
      serving: { variables, view, publish, command, findAddress, hear, takeMails },
    });
    this.program?.init();
  }

  #command(order: CommandOrder, done: (answer: CommandAnswer) => void): void {
    const id = ++this.#lastOrder;
    this.#waiting.set(id, done);
    this.#tell({ kind: 'order', id, order });
  }

  heard(message: ToScripts): void {
    if (message.kind === 'event') this.program?.event(message.event);
    else if (message.kind === 'answered') this.#answered(message.id, message.answer);
    else if (message.kind === 'talk') this.#begin(message.id, message.path, message.words);
    else this.#hear(message);
  }

  #hear(message: Exclude<ToTalk, { readonly kind: 'talk' }>): void {
    this.#talks.get(message.id)?.heard(message);
    if (message.kind === 'talk-gone') this.#talks.delete(message.id);
  }

  #begin(id: number, path: string, words: readonly string[]): void {
    const wire = new TalkWire(id, message => {
      if (message.kind === 'talk-over') this.#talks.delete(id);
      this.#tell(message);
    });
    this.#talks.set(id, wire);
    if (this.program === undefined) wire.finish();
    else this.program.beginCommand(path, words, wire);
  }

  #answered(id: number, answer: CommandAnswer): void {
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    done?.(answer);
  }
}
