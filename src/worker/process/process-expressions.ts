/** Evaluates expressions that belong to no request: `set-var` of `global`, and `set var` of the admin socket. */
import type { Sample } from '../../acl/sample.ts';
import { VariableStore } from '../../acl/variables.ts';
import type { Config } from '../../model/config.ts';
import { Environments } from '../../proxy/runtime/compile-environment.ts';
import { compileAssignment, type AssignmentSource } from '../../proxy/runtime/process-variable.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { CheckContext } from '../servers/check-context.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import { ThreadProcessFacts } from './process-facts.ts';
import { serversView, statsView } from './state-views.ts';

interface Assigned {
  readonly name: string;
  readonly value: Sample;
}

export class ProcessExpressions {
  readonly #config: Config;
  readonly #environments: Environments;
  readonly #store = new VariableStore();
  readonly #context: CheckContext;

  constructor(config: Config, state: SharedState, rings: RingPlaces) {
    const now = (): number => performance.now();
    this.#config = config;
    this.#environments = new Environments(config, () => undefined, undefined, state.tables);
    this.#context = new CheckContext({
      process: new ThreadProcessFacts({ config, thread: 1, plan: state.plan }, rings),
      stats: statsView(config, state, now),
      servers: serversView(config, state, now),
      processVariables: this.#store,
      uniqueId: () => undefined,
    });
  }

  /** What `global` sets, in its order. */
  fromConfiguration(): readonly Assigned[] {
    return this.#config.global.setVars.flatMap(source => {
      const assigned = this.#evaluate(source, 'configuration parser');
      return typeof assigned === 'string' || assigned === undefined ? [] : [assigned];
    });
  }

  /** Answers what is wrong, or undefined when the expression has no value. `known`: the variable as it is now. */
  evaluate(
    source: AssignmentSource,
    known: (name: string) => Sample | undefined,
  ): Assigned | string | undefined {
    const { variables } = this.#environments;
    for (const name of source.words.flatMap(({ text }) => text.match(/proc\.[A-Za-z0-9_.]+/g) ?? [])) {
      const entry = variables.resolve(name);
      const value = known(name);
      if (typeof entry === 'object' && value !== undefined) this.#store.set(entry.slot, value);
    }
    return this.#evaluate(source, 'CLI parser');
  }

  #evaluate(
    source: AssignmentSource,
    phase: 'configuration parser' | 'CLI parser',
  ): Assigned | string | undefined {
    const wrong: string[] = [];
    const environment = this.#environments.outside(({ message }) => wrong.push(message));
    const assignment = compileAssignment(source, phase, environment);
    if (assignment === undefined) return wrong[0] ?? 'invalid expression';
    const value = assignment.value(this.#context);
    if (value === undefined) return undefined;
    this.#store.set(assignment.variable.slot, value);
    return { name: source.name, value };
  }
}
