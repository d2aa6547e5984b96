/** `http-send-name-header` (manual, section 4.2): which field tells servers their name. */
import type { Proxy } from '../../model/proxy.ts';

export interface NameHeader {
  /** In lower case. */
  readonly header: string;
  /** What the longest line with it takes. */
  readonly room: number;
}

export function nameHeaderOf({ sendNameHeader: header, servers }: Proxy): NameHeader | undefined {
  if (header === undefined) return undefined;
  const longest = servers.reduce((most, { name }) => Math.max(most, name.length), LONGEST_RUNTIME_NAME);
  return { header, room: header.length + longest + 4 };
}

/** Servers can be added while it runs. */
const LONGEST_RUNTIME_NAME = 256;
