/** Numbers of users and groups, from the system's files. */
import type { FileReader } from '../line-context.ts';

function findId(path: string, name: string, readFile: FileReader): number | undefined {
  const file = readFile(path);
  if ('error' in file) return undefined;
  for (const line of file.text.split('\n')) {
    const fields = line.split(':');
    if (fields[0] === name && /^\d+$/.test(fields[2] ?? '')) return Number(fields[2]);
  }
  return undefined;
}

export function findUserId(name: string, readFile: FileReader): number | undefined {
  return findId('/etc/passwd', name, readFile);
}

export function findGroupId(name: string, readFile: FileReader): number | undefined {
  return findId('/etc/group', name, readFile);
}
