/**
 * One pair of routers on its way through a scenario, and the client that asks their address every 10 ms. Scenarios
 * (scenarios.ts) tell what happens; the measure is always the same: how long clients were without service.
 */
import type { Lab, Router, RouterKind, SteadyClient } from '../network-lab.ts';
import { HeardAdverts, ROUTER_ID } from './heard-adverts.ts';
import type { Meeting } from './meeting.ts';
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
  readonly #meeting: Meeting;
  #client: SteadyClient | undefined;

  /** With the other pairs of the meeting everything happens at the same time. */
  constructor(lab: Lab, pair: Pair, meeting: Meeting) {
    this.lab = lab;
    this.#pair = pair;
    this.#meeting = meeting;
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
    await this.#meeting.arrive();
    const from = this.client.mark;
    await act();
    await this.client.answers(by, from);
    return this.client.outageMs(from);
  }

  /**
   * The death of a master, right after one of its adverts: the outage, and the time from its last advert to the first
   * answer of `by`, which no luck makes shorter. `by` may hear that nobody is there on another link (`where`).
   */
  async death(
    what: string,
    act: () => unknown,
    by: string,
    where: { readonly link: number; readonly routerId: number } = { link: 0, routerId: ROUTER_ID },
  ): Promise<Record<string, number>> {
    const adverts = await HeardAdverts.at(this.lab, by, where.link, where.routerId);
    await this.#meeting.arrive();
    const from = this.client.mark;
    await adverts.next();
    await act();
    const served = await this.#servedAt(by, from);
    const last = adverts.lastBefore(served);
    adverts.close();
    return { [what]: await this.client.outageMs(from), [fromLastAdvert(what)]: served - last };
  }

  /** The time from when `by` gets its carrier to its first answer; it stays the one that answers. */
  async sinceCarrier(act: () => unknown, by: string): Promise<number> {
    const carrier = await this.lab.carrier(by, 'eth0');
    await this.#meeting.arrive();
    const from = this.client.mark;
    await act();
    const { at } = JSON.parse(await carrier.line(/^\{/)) as { at: number };
    carrier.signal('SIGTERM');
    return (await this.#servedAt(by, from)) - at;
  }

  /** The time from the first advert that `by` hears after an event to its first answer. */
  async sinceFirstAdvert(act: () => unknown, by: string): Promise<number> {
    const adverts = await HeardAdverts.at(this.lab, by);
    await this.#meeting.arrive();
    const from = this.client.mark;
    const start = Date.now();
    await act();
    const served = await this.#servedAt(by, from);
    const first = adverts.firstAfter(start);
    adverts.close();
    return served - first;
  }

  async #servedAt(by: string, from: number): Promise<number> {
    await this.client.answers(by, from);
    return this.client.settledAt(by, from);
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
