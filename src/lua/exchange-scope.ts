/** What a script's TXN object stands for: an exchange, seen from the place where the script was called. */
import type { CompileEnvironment } from '../acl/environment.ts';
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import type { FilteredMessage } from '../rules/script-filter.ts';
import type { RuleContext } from '../rules/context.ts';
import type { Reply } from '../rules/reply.ts';
import type { ServiceHold } from './service-hold.ts';
import type { ScriptMemory } from '../rules/script-memory.ts';

export interface ExchangeScope {
  readonly kind: 'exchange';
  readonly ctx: RuleContext;
  /** For samples and converters that the script asks for. */
  readonly env: CompileEnvironment;
  phases: number;
  onResponse: boolean;
  /** It may change messages, and end the exchange. */
  readonly isAction: boolean;
  /** `txn:done()` was called. */
  done: boolean;
  /** What it was given. */
  reply: Reply | undefined;
  /** Of a service: what it reads and writes. */
  service?: ServiceHold;
  /** Of a filter: what it looks at now, and whose data it wants to see. */
  filtered?: FilteredBytes | undefined;
  filterData?: { request: boolean; response: boolean };
  /** `act:wake_time()` */
  wakeMs: number;
}

export interface FilteredBytes {
  readonly isResponse: boolean;
  /** Those of a body, or of a connection. */
  readonly bytes: ChannelBytes | undefined;
  /** Of HTTP. */
  readonly message?: FilteredMessage | undefined;
}

/** Values that scripts keep with an exchange, and the action that waits in it. */
export class ExchangeMemory implements ScriptMemory {
  /** Numbers of `set_priv` values in the registries of the states, by number of the state. */
  readonly kept = new Map<object, { readonly number: number; readonly letGo: () => void }>();
  /** The action that waits (run-action.ts). */
  waiting: object | undefined;
  /** Gives up what waits. */
  stop: (() => void) | undefined;

  static of(ctx: RuleContext): ExchangeMemory {
    return (ctx.script ??= new ExchangeMemory()) as ExchangeMemory;
  }

  end(): void {
    this.stop?.();
    this.stop = undefined;
    for (const { letGo } of this.kept.values()) letGo();
    this.kept.clear();
  }
}
