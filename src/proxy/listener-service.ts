/** A listening address of one data thread. */
import type { ListenerFacts } from '../acl/context.ts';
import type { Bind } from '../model/bind.ts';
import type { FrontendRuntime, ListenerRuntime } from './runtime.ts';

export class ListenerService implements ListenerRuntime {
  readonly config: Bind;
  readonly frontend: FrontendRuntime;
  #connections = 0;

  constructor(config: Bind, frontend: FrontendRuntime) {
    this.config = config;
    this.frontend = frontend;
  }

  get facts(): ListenerFacts {
    return { id: this.config.id, name: this.config.name, connections: this.#connections };
  }

  opened(): boolean {
    this.#connections++;
    return true;
  }

  closed(): void {
    this.#connections--;
  }
}
