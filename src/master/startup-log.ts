/** What was said since the last load of the configuration began: `show startup-logs` and `reload` of the master's admin socket. */
export class StartupLog {
  #lines: string[] = [];

  begin(): void {
    this.#lines = [];
  }

  /** One or more lines, with their ends. */
  add(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#lines.push(line);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
