/**
 * One pair of routers on its way through a scenario, and the client that asks their address every 10 ms. Scenarios
 * (scenarios.ts) tell what happens; the measure is always the same: how long clients were without service.
 */
import type { Lab, Router, RouterKind, SteadyClient } from '../network-lab.ts';
import { configOf, VIP, type RouterSettings } from './router-config.ts';

/** The service itself answers at 8000, or a balancer in front of it. */
const BALANCER = `global
  nbthread 1
defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 1s
listen www
  bind :::8000 v4v6
  server s1 127.0.0.1:8001
`;

/** The second figure of a death. */
export function fromLastAdvert(what: string): string {
  return `${what}, from its last advert`;
}

/** First and second router; a third one is of the first kind. */
export type Pair = readonly [RouterKind, RouterKind];

export class Bout {
  readonly lab: Lab;
  readonly #pair: Pair;
  #client: SteadyClient | undefined;

  constructor(lab: Lab, pair: Pair) {
    this.lab = lab;
    this.#pair = pair;
  }

  /** The services of these nodes. */
  async serve(...nodes: readonly string[]): Promise<void> {
    const portOf = (node: string): number => (this.#kindOf(node) === 'lb' ? 8001 : 8000);
    await Promise.all(nodes.map(node => this.lab.responder(node, portOf(node))));
  }

  /** A router that runs; where it is this program, it is the balancer as well. */
  async start(node: string, settings: RouterSettings): Promise<Router> {
    const kind = this.#kindOf(node);
    const router = await this.lab.router(node, kind, configOf(settings), kind === 'lb' ? BALANCER : '');
    router.beOnTime();
    return router;
  }

  /** First the better one is elected, then the other one hears it, then clients come. */
  async elected(better: RouterSettings, worse: RouterSettings, address = VIP): Promise<[Router, Router]> {
    await this.serve('a', 'b');
    const a = await this.start('a', better);
    await a.enters('MASTER');
    const b = await this.start('b', worse);
    await b.enters('BACKUP');
    await this.ask(address).answers('a');
    return [a, b];
  }

  ask(address = VIP): SteadyClient {
    return (this.#client = this.lab.client(address));
  }

  get client(): SteadyClient {
    if (this.#client === undefined) throw new Error('nobody asks yet');
    return this.#client;
  }

  /** The outage that an event costs, from there to when `by` answers. */
  async outage(act: () => unknown, by: string): Promise<number> {
    const from = this.client.mark;
    await act();
    await this.client.answers(by, from);
    return this.client.outageMs(from);
  }

  /**
   * The death of a master: the outage, and the time from its last advert to the first request that `by` answers. The
   * outage alone is up to an interval shorter, as the death comes early or late in it.
   */
  async death(what: string, act: () => unknown, by: string): Promise<Record<string, number>> {
    const ear = await this.lab.ear(by);
    await ear.line(/^\{/);
    const from = this.client.mark;
    await act();
    await this.client.answers(by, from);
    const served = await this.client.settledAt(by, from);
    const adverts = ear.lines
      .filter(line => line.startsWith('{'))
      .map(line => (JSON.parse(line) as { at: number }).at);
    ear.signal('SIGKILL');
    const last = adverts.findLast(at => at < served) ?? NaN;
    return { [what]: await this.client.outageMs(from), [fromLastAdvert(what)]: served - last };
  }

  /** The time from an event to the first request that `by` answers, and stays the one that does. */
  async untilServedBy(act: () => unknown, by: string): Promise<number> {
    const from = this.client.mark;
    const start = Date.now();
    await act();
    await this.client.answers(by, from);
    return (await this.client.settledAt(by, from)) - start;
  }

  /** A machine that died comes back: its addresses were not kept. */
  async revive(node: string, settings: RouterSettings, addresses: readonly string[]): Promise<Router> {
    for (const address of addresses)
      if (this.lab.holds(node, address.split('/')[0] ?? ''))
        this.lab.in(node, `ip addr del ${address} dev eth0`);
    this.lab.plug(node);
    return this.start(node, settings);
  }

  #kindOf(node: string): RouterKind {
    return node === 'b' ? this.#pair[1] : this.#pair[0];
  }
}
