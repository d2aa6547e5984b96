/**
 * keepalived.conf from disk: the files behind `include`, the host's name and interfaces; the parser itself does no I/O.
 * Called by worker/start/configured-files.ts and, at a reload, by process/vrrp-process.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { expandBraces } from '../config-parser/keepalived/include.ts';
import { parseKeepalived, type KeepalivedResult } from '../config-parser/keepalived/parse.ts';
import type { ConfigSource } from '../config-parser/keepalived/source.ts';
import { canOpenNamespace } from '../net/network-namespace.ts';
import { accountTrouble } from './account.ts';
import { isForeignInterface } from './foreign-interface.ts';
import { scriptTrouble } from './run-script.ts';

const LOOKUP_MS = 5000;

/** A path may be a directory: then every `*.conf` in it, in the order of names. */
export function readKeepalived(paths: string | readonly string[], configId?: string): KeepalivedResult {
  return parseKeepalived(paths, diskSource(configId));
}

/** The same at a start, when there is time to ask for the addresses of names. */
export function readFirstKeepalived(paths: readonly string[], configId?: string): KeepalivedResult {
  return parseKeepalived(paths, { ...diskSource(configId), isResolvable });
}

function diskSource(configId?: string): ConfigSource {
  const host = hostname();
  return {
    read,
    readSecret,
    glob,
    includeTrouble,
    configId: configId ?? host.split('.')[0] ?? host,
    environment: process.env,
    random: () => Math.floor(Math.random() * 2 ** 31),
    hostname: host,
    interfaceExists: name => existsSync(`/sys/class/net/${name}`),
    isLoopback,
    isForeignInterface,
    namespaceExists: canOpenNamespace,
    accountTrouble,
    scriptTrouble,
  };
}

/** Of a loopback interface, in `flags` (netdevice(7)). */
const IFF_LOOPBACK = 8;

function isLoopback(name: string): boolean {
  const flags = Number(read(`/sys/class/net/${name}/flags`));
  return (flags & IFF_LOOPBACK) !== 0;
}

/** Not asked while VRRP runs: its adverts would wait for the answer. */
function isResolvable(host: string): boolean {
  const { status, error } = spawnSync('getent', ['ahosts', host], { stdio: 'ignore', timeout: LOOKUP_MS });
  // without the program nobody knows
  return status === 0 || (error !== undefined && 'code' in error && error.code === 'ENOENT');
}

function read(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
    return `include ${join(path, '*.conf')}\n`;
  } catch {
    return undefined;
  }
}

const OTHERS = 0o077;

function readSecret(path: string): ReturnType<NonNullable<ConfigSource['readSecret']>> {
  try {
    const isPrivate = (statSync(path).mode & OTHERS) === 0;
    return { bytes: readFileSync(path), isPrivate };
  } catch {
    return undefined;
  }
}

/** keepalived includes no folders and nothing that could be a script. */
function includeTrouble(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return 'is a directory - skipping';
    return stats.isFile() && (stats.mode & 0o111) === 0
      ? undefined
      : 'is not a regular non-executable file - skipping';
  } catch {
    return 'cannot be read';
  }
}

function glob(pattern: string, directory: string): string[] {
  const found = expandBraces(pattern).flatMap(one => globOne(isAbsolute(one) ? one : join(directory, one)));
  return [...new Set(found)];
}

/** Component by component; hidden files need a dot in the pattern, as in glob(7). */
function globOne(pattern: string): string[] {
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter(Boolean)) {
    paths = paths.flatMap(base => {
      if (!/[*?[]/.test(part)) return [base === '' || base === '/' ? base + part : `${base}/${part}`];
      return entriesOf(base)
        .filter(name => matcherOf(part).test(name) && (part.startsWith('.') || !name.startsWith('.')))
        .map(name => (base === '' || base === '/' ? base + name : `${base}/${name}`));
    });
  }
  return paths.filter(path => existsSync(path)).toSorted();
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory === '' ? '.' : directory);
  } catch {
    return [];
  }
}

function matcherOf(part: string): RegExp {
  const source = part.replace(/\[!/g, '[^').replace(/[.+()|^$\\]|\*|\?/g, char => {
    if (char === '*') return '[^/]*';
    return char === '?' ? '[^/]' : `\\${char}`;
  });
  return new RegExp(`^${source.replaceAll('[\\^', '[^')}$`);
}
