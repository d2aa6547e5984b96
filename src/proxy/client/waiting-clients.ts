/** The HTTP client connections of a thread, so that a soft stop can send away those that wait for nothing. */
interface WaitingClient {
  /** Closes it unless a request is under way. */
  closeIfIdle(): void;
}

export class WaitingClients {
  readonly #clients = new Set<WaitingClient>();

  add(client: WaitingClient): void {
    this.#clients.add(client);
  }

  remove(client: WaitingClient): void {
    this.#clients.delete(client);
  }

  closeIdle(goes: () => boolean): void {
    for (const client of this.#clients) if (goes()) client.closeIfIdle();
  }
}
