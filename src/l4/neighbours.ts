/**
 * What the sessions of BFD say of neighbours, for whoever follows one of them (`BFD_CHECK`). The VRRP process keeps the
 * sessions; worker/forwarding/ carries here what it tells.
 */
type Follower = (isUp: boolean) => void;

export class Neighbours {
  readonly #known = new Map<string, boolean>();
  readonly #followers = new Map<string, Set<Follower>>();

  hear(name: string, isUp: boolean): void {
    this.#known.set(name, isUp);
    for (const follower of this.#followers.get(name) ?? []) follower(isUp);
  }

  /** Called back at once with what is known already. Gives what ends it. */
  follow(name: string, follower: Follower): () => void {
    const followers = this.#followers.get(name) ?? new Set();
    this.#followers.set(name, followers.add(follower));
    const isUp = this.#known.get(name);
    if (isUp !== undefined) follower(isUp);
    return () => void followers.delete(follower);
  }
}
