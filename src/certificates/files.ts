/** What the store asks of the disk, while the configuration is loaded and never later. Failures are texts. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { describeSystemError } from '../base/system-error.ts';

export interface CertificateFiles {
  read(path: string): Uint8Array | { readonly error: string };
  /** A text says why there is nothing. */
  kindOf(path: string): 'file' | 'directory' | 'other' | { readonly error: string };
  /** Names, sorted as the C locale does. */
  list(path: string): readonly string[] | { readonly error: string };
}

function attempt<T>(act: () => T): T | { readonly error: string } {
  try {
    return act();
  } catch (error) {
    return { error: describeSystemError(error) };
  }
}

export const DISK: CertificateFiles = {
  read: path => attempt(() => readFileSync(path)),
  kindOf: path =>
    attempt(() => {
      const stats = statSync(path);
      return stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other';
    }),
  list: path => attempt(() => readdirSync(path).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))),
};
