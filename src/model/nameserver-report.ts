/** What a nameserver of a `resolvers` section was asked, and how it answered: from the control thread to statistics. */
export interface NameserverReport {
  /** The section's name. */
  readonly resolvers: string;
  readonly nameserver: string;
  /** By their names in `show resolvers`, in its order. */
  readonly counters: Readonly<Record<string, number>>;
}
