/**
 * What the parser of keepalived.conf needs from outside: files (the parser itself does no I/O), the id that
 * `@id` lines are compared with, the environment and chance. Callers: vrrp/read-config.ts, tests.
 */
import type { ScriptAccounts, ScriptCommand } from '../../model/script-command.ts';

export interface ConfigSource {
  /** Text of a file, or undefined when it cannot be read. */
  read(path: string): string | undefined;
  /** A file with a key in it, and whether its owner alone can get at it; undefined when it cannot be read. */
  readSecret?(path: string): { readonly bytes: Buffer; readonly isPrivate: boolean } | undefined;
  /** Files that match a shell pattern (`*`, `?`, `[...]`, `{a,b}`), sorted; relative patterns start in `directory`. */
  glob(pattern: string, directory: string): readonly string[];
  /** Why a file that is there is passed over by `include`, in words that follow its name; missing: not judged. */
  includeTrouble?(path: string): string | undefined;
  /** `-i` / `--config-id`. */
  readonly configId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** An integer from 0 to 2^31 - 1, as from random(3). */
  random(): number;
  readonly hostname: string;
  /** Whether this host has the interface now; missing: not checked. */
  interfaceExists?(name: string): boolean;
  /** Whether it is a loopback interface of this host; missing: not checked. */
  isLoopback?(name: string): boolean;
  /** Whether it is an interface of this host that cannot be one of `use_vmac`; missing: not checked. */
  isForeignInterface?(name: string): boolean;
  /** Whether this host has the network namespace now; missing: not checked. */
  namespaceExists?(name: string): boolean;
  /** Whether a name has an address now; missing: not checked. */
  isResolvable?(host: string): boolean;
  /** Why there is no such account on this host, in words; missing: not checked. */
  accountTrouble?(account: { readonly user: string; readonly group?: string }): string | undefined;
  /** Why the program cannot be run on this host now, in words; missing: not checked. */
  scriptTrouble?(command: ScriptCommand, accounts: ScriptAccounts): string | undefined;
}
