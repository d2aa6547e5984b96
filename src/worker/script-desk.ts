/** What scripts of data threads want of the control thread. */
import { carryOut } from '../admin/carry-out.ts';
import { Interpreter } from '../admin/interpreter.ts';
import type { AdminRuntime } from '../admin/runtime.ts';
import { COMMANDS } from '../admin/table.ts';
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';
import type { FromScripts, ToScripts } from './script-messages.ts';

interface ScriptDeskParts {
  readonly runtime: () => AdminRuntime;
  readonly notice: (level: 'alert', text: string) => void;
  readonly tell: (thread: number, message: ToScripts) => void;
}

export class ScriptDesk {
  readonly #parts: ScriptDeskParts;
  readonly #lastOrders = new Map<number, Promise<void>>();
  #interpreter: Interpreter | undefined;

  constructor(parts: ScriptDeskParts) {
    this.#parts = parts;
  }

  /** Orders of one thread are carried out one after the other. */
  heard(thread: number, { id, order }: FromScripts): void {
    const before = this.#lastOrders.get(thread) ?? Promise.resolve();
    const done = before.then(async () => {
      const answer = await this.#carryOut(order);
      this.#parts.tell(thread, { kind: 'answered', id, answer });
    });
    this.#lastOrders.set(thread, done);
  }

  /** A command that fails by a mistake of this program's must not take the process with it. */
  async #carryOut(order: CommandOrder): Promise<CommandAnswer> {
    const { runtime, notice } = this.#parts;
    this.#interpreter ??= new Interpreter(COMMANDS, runtime());
    try {
      return await carryOut(this.#interpreter, order);
    } catch (error) {
      const words = order.commands.map(command => command.words.join(' ')).join('; ');
      notice(
        'alert',
        `order of a script '${words}' failed: ${error instanceof Error ? error.stack : String(error)}`,
      );
      return { text: 'Internal error.', failed: true };
    }
  }
}
