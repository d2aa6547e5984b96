/** What scripts keep of one exchange; proxy/ ends it with the exchange. */
export interface ScriptMemory {
  end(): void;
}
