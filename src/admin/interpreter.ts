/** Runs one command of a line: finds its row, checks level and mode, calls it. */
import { fail, MOST_WORDS, say, type Answer, type Command, type Session, type Words } from './command.ts';
import { renderHelp } from './help.ts';
import { allows } from './level.ts';
import { splitWords, TOO_MANY_WORDS } from './line-reader.ts';
import type { AdminRuntime } from './runtime.ts';

const PERMISSION_DENIED = 'Permission denied\n';

/** Runs commands one at a time; a session has one. */
export interface CommandRunner {
  run(line: string, payload: string | undefined, session: Session): Answer | Promise<Answer>;
}

export class Interpreter<Runtime = AdminRuntime> implements CommandRunner {
  readonly #runtime: Runtime;
  readonly #commands: readonly Command<Runtime>[];
  /** By the whole of their words. */
  readonly #byWords: ReadonlyMap<string, Command<Runtime>>;

  constructor(commands: readonly Command<Runtime>[], runtime: Runtime) {
    this.#commands = commands;
    this.#runtime = runtime;
    this.#byWords = new Map(commands.map(command => [command.words, command]));
  }

  run(line: string, payload: string | undefined, session: Session): Answer | Promise<Answer> {
    const args = splitWords(line);
    return args === undefined ? fail(TOO_MANY_WORDS) : this.runWords(args, payload, session);
  }

  /** The same, of words that were told apart. */
  runWords(args: Words, payload: string | undefined, session: Session): Answer | Promise<Answer> {
    if (args.length === 0) return undefined;
    if (args.at(0) === 'help') return say(renderHelp(this.#commands, session, args));
    const command = this.#find(args);
    if (command === undefined) return say(renderHelp(this.#commands, session, args));
    if (command.mode !== undefined && !session[command.mode])
      return fail(`This command is restricted to ${command.mode} mode only.`);
    if (!allows(session.level, command.level)) return fail(PERMISSION_DENIED);
    return command.run({ args, payload, session, runtime: this.#runtime });
  }

  /** The longest row whose words all stand at the start of the line. */
  #find(args: Words): Command<Runtime> | undefined {
    for (let count = Math.min(args.length, MOST_WORDS); count > 0; count--) {
      const command = this.#byWords.get(args.from(0).slice(0, count).join(' '));
      if (command !== undefined) return command;
    }
    return undefined;
  }
}
