/**
 * Which files `-f` and `--` mean, and their text: files as they are named, of a folder its *.cfg files in order of
 * their names, not those of folders in it (management guide, section 3). Reads through an injected file system.
 */
import type { ConfigFile } from './file-reader.ts';

export interface ConfigFileSystem {
  /** Undefined: there is nothing of that name. */
  readonly kindOf: (path: string) => 'file' | 'directory' | undefined;
  /** Names in a folder, in any order. */
  readonly list: (path: string) => readonly string[] | { readonly error: string };
  readonly read: (path: string) => { readonly text: string } | { readonly error: string };
}

export type LoadedFiles =
  | { readonly files: readonly ConfigFile[]; readonly error?: undefined }
  | { readonly files?: undefined; readonly error: string };

function filesOfFolder(
  folder: string,
  system: ConfigFileSystem,
): readonly string[] | { readonly error: string } {
  const names = system.list(folder);
  if ('error' in names) return { error: `Cannot open configuration directory ${folder} : ${names.error}` };
  return names
    .filter(name => name.endsWith('.cfg') && !name.startsWith('.'))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(name => `${folder}/${name}`)
    .filter(path => system.kindOf(path) === 'file');
}

/** The files behind one argument. */
function expand(path: string, system: ConfigFileSystem): readonly string[] | { readonly error: string } {
  const kind = system.kindOf(path);
  if (kind === undefined)
    return { error: `Cannot open configuration file/directory ${path} : No such file or directory` };
  return kind === 'file' ? [path] : filesOfFolder(path, system);
}

/** Reads everything, or answers the first thing that cannot be read. */
export function loadFiles(paths: readonly string[], system: ConfigFileSystem): LoadedFiles {
  const files: ConfigFile[] = [];
  for (const path of paths) {
    const expanded = expand(path, system);
    if ('error' in expanded) return { error: expanded.error };
    for (const one of expanded) {
      const content = system.read(one);
      if ('error' in content) return { error: `Cannot open configuration file ${one} : ${content.error}` };
      files.push({ path: one, text: content.text });
    }
  }
  return { files };
}
