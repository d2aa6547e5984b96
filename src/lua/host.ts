/** What scripts reach of the thread they run in. worker/ implements it. */
import type { CompileEnvironment } from '../acl/environment.ts';
import type { PatternChange } from '../acl/pattern-changes.ts';
import type { VariableStore } from '../acl/variables.ts';
import type { Config } from '../model/config.ts';
import type { ServerEventType } from '../model/server-event.ts';
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';
import type { StatsView } from '../stats/view.ts';

export interface LuaHost {
  readonly config: Config;
  /** 1..nbthread; 0: the control thread, where scripts are loaded to hear of mistakes. */
  readonly thread: number;
  /** For what a script says outside of any proxy; 0 (emerg) .. 7 (debug). False: there is no log. */
  log(level: number, text: string): boolean;
  /** On standard error, as the process speaks of itself. */
  print(level: number, text: string): void;
  /** For samples of no proxy. */
  readonly environment: CompileEnvironment;
  /** Of the process. */
  readonly variables: VariableStore;
  /** Undefined: nothing is served here. */
  readonly view: StatsView | undefined;
  /** Words of the commands that this program has itself; where scripts are loaded to hear of mistakes. */
  readonly takenCommands: ReadonlySet<string>;
  /** A list of patterns was changed in this thread: the others are to follow. */
  publish(change: PatternChange): void;
  /** Has the control thread carry out commands of the admin socket; all threads know of them when it answers. */
  command(order: CommandOrder, done: (answer: CommandAnswer) => void): void;
  /** Asks a `resolvers` section for an address; undefined: there is none. */
  findAddress(
    question: { readonly resolvers: string; readonly name: string; readonly family: 4 | 6 },
    done: (address: string | undefined) => void,
  ): void;
  /** Scripts of this thread send the mails of `email-alert`. */
  takeMails(): void;
  /** The events that scripts of this thread want to know of. */
  hear(types: readonly ServerEventType[]): void;
}
