/** What scripts of data threads want of the control thread. */
import { carryOut } from '../../admin/carry-out.ts';
import { Interpreter } from '../../admin/interpreter.ts';
import type { AdminRuntime } from '../../admin/runtime.ts';
import { COMMANDS } from '../../admin/table.ts';
import type { Command } from '../../admin/command.ts';
import type { CommandAnswer, CommandOrder } from '../../model/ordered-command.ts';
import type { ServerEvent, ServerEventType } from '../../model/server-event.ts';
import { ScriptTalks } from './script-talks.ts';
import type { FromScripts, ToScripts } from './script-messages.ts';

/** Many scripts say the words again, as help of HAProxy wants them. */
function summaryOf(words: string, usage: string): string {
  const colon = usage.startsWith(words) ? usage.indexOf(':') : -1;
  return usage.slice(colon + 1).trim();
}

interface ScriptDeskParts {
  readonly runtime: () => AdminRuntime;
  readonly notice: (level: 'alert', text: string) => void;
  readonly running: () => readonly number[];
  readonly tell: (thread: number, message: ToScripts) => void;
}

export class ScriptDesk {
  readonly #parts: ScriptDeskParts;
  readonly #talks: ScriptTalks;
  /** By thread: the events its scripts want to know of. */
  readonly #hearing = new Map<number, ReadonlySet<ServerEventType>>();
  /** Threads whose scripts send the mails of `email-alert`. */
  readonly #mailing = new Set<number>();
  readonly #lastOrders = new Map<number, Promise<void>>();
  #interpreter: Interpreter | undefined;

  constructor(parts: ScriptDeskParts) {
    this.#parts = parts;
    this.#talks = new ScriptTalks(parts);
  }

  heard(thread: number, message: FromScripts): void {
    if (message.kind === 'hear') this.#hearing.set(thread, new Set(message.types));
    else if (message.kind === 'takes-mails') this.#mailing.add(thread);
    else if (message.kind === 'order') this.#ordered(thread, message.id, message.order);
    else this.#talks.heard(message);
  }

  tell(event: ServerEvent): void {
    for (const [thread, types] of this.#hearing)
      if (types.has(event.type)) this.#parts.tell(thread, { kind: 'event', event });
  }

  get sendsMails(): boolean {
    return this.#mailing.size > 0;
  }

  threadEnded(thread: number): void {
    this.#lastOrders.delete(thread);
    this.#hearing.delete(thread);
    this.#mailing.delete(thread);
    this.#talks.ended(thread);
  }

  /** Commands that scripts have registered: anybody may give them. `commands`: words and usage. */
  commandsOf(commands: ReadonlyMap<string, string>): readonly Command[] {
    return [...commands].map(([words, usage]) => ({
      words,
      summary: summaryOf(words, usage),
      level: 'user',
      run: ({ args }) => ({
        talk: conversation => this.#talks.run(words, args.from(0), conversation),
      }),
    }));
  }

  /** Those of one thread are carried out one after the other. */
  #ordered(thread: number, id: number, order: CommandOrder): void {
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
