/**
 * Members that know their place. Entering and leaving touch no other member, as a list through them would: with
 * hundreds of requests under way each neighbour is a visit to cold memory.
 */
export class Places<Member> {
  readonly #members: (Member | undefined)[] = [];
  /** Where nobody stands. */
  readonly #free: number[] = [];

  get size(): number {
    return this.#members.length - this.#free.length;
  }

  /** Gives the place to leave(). */
  enter(member: Member): number {
    const place = this.#free.pop() ?? this.#members.length;
    this.#members[place] = member;
    return place;
  }

  leave(place: number): void {
    this.#members[place] = undefined;
    this.#free.push(place);
  }

  /** Those that are members when it is their turn: one visit may make others leave. */
  visit(visitor: (member: Member, place: number) => void): void {
    for (let place = 0; place < this.#members.length; place++) {
      const member = this.#members[place];
      if (member !== undefined) visitor(member, place);
    }
  }

  /** As it is now. */
  all(): Member[] {
    return this.#members.filter(member => member !== undefined);
  }
}
