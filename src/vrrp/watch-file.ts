/** Tells when a file changes, comes or goes: its folder is watched, for it may be replaced or not exist yet. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Undefined, and told of: the folder cannot be watched. */
export function watchFile(
  path: string,
  onEvent: () => void,
  complain: (message: string) => void,
): { close(): void } | undefined {
  try {
    return watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) onEvent();
    });
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
