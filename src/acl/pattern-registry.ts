/**
 * Every list of patterns of a thread: those written in ACL lines, ACL files and maps (manual, section 7.1.2).
 * The admin socket reads and changes them by number or file name.
 */
export interface PatternRegistryOptions {
  /** Content of a pattern file, or why it cannot be read. */
  readonly readFile: (path: string) => { readonly content: string } | { readonly error: string };
}

export class PatternRegistry {
  readonly readFile: PatternRegistryOptions['readFile'];

  constructor(options: PatternRegistryOptions) {
    this.readFile = options.readFile;
  }
}
