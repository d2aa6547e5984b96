/** The scripts of a data thread, and what they and the control thread tell each other. */
import type { LuaHost } from '../lua/host.ts';
import type { LuaProgram } from '../lua/program.ts';
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';
import type { FromScripts, ToScripts } from './script-messages.ts';
import { loadScripts, type ScriptThread } from './scripts.ts';

interface ThreadScriptsParts extends Omit<ScriptThread, 'serving'>, Pick<LuaHost, 'variables' | 'publish'> {
  readonly view: LuaHost['view'];
  readonly tell: (message: FromScripts) => void;
}

export class ThreadScripts {
  /** Undefined: the configuration loads none. */
  readonly program: LuaProgram | undefined;
  readonly #tell: (message: FromScripts) => void;
  readonly #waiting = new Map<number, (answer: CommandAnswer) => void>();
  #lastOrder = 0;

  constructor({ tell, variables, view, publish, ...loading }: ThreadScriptsParts) {
    this.#tell = tell;
    const command = (order: CommandOrder, done: (answer: CommandAnswer) => void): void =>
      this.#command(order, done);
    this.program = loadScripts({ ...loading, serving: { variables, view, publish, command } });
  }

  #command(order: CommandOrder, done: (answer: CommandAnswer) => void): void {
    const id = ++this.#lastOrder;
    this.#waiting.set(id, done);
    this.#tell({ kind: 'order', id, order });
  }

  heard({ id, answer }: ToScripts): void {
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    done?.(answer);
  }
}
