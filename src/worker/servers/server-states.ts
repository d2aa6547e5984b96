/**
 * Reads the server state files a configuration names (manual, `load-server-state-from-file`): which server gets
 * which line. What cannot be read is told and left out; it never stops the start.
 */
import { readFileSync } from 'node:fs';
import { describeSystemError } from '../../base/system-error.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic, Severity } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';
import { parseServerStateFile, type ServerStateLine } from '../../state/server-state-file.ts';
import { readServerState, type ServerStateValues } from '../../state/server-state-values.ts';

export class ServerStates {
  readonly diagnostics: Diagnostic[] = [];
  readonly #byName = new Map<string, ServerStateValues>();
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
    const globalLines = this.#globalLines();
    for (const proxy of config.proxies) {
      if (proxy.kind === 'frontend' || proxy.disabled || proxy.servers.length === 0) continue;
      if (proxy.loadServerStateFrom === 'global')
        this.#match(proxy, globalLines.get(proxy.name) ?? new Map());
      else if (proxy.loadServerStateFrom === 'local') this.#loadLocal(proxy);
    }
  }

  of(proxy: string, server: string): ServerStateValues | undefined {
    return this.#byName.size === 0 ? undefined : this.#byName.get(`${proxy} ${server}`);
  }

  // ── files ──

  /** By backend, then by server. */
  #globalLines(): Map<string, Map<string, ServerStateLine>> {
    const { serverStateFile } = this.#config.global;
    const wanted = this.#config.proxies.some(({ loadServerStateFrom }) => loadServerStateFrom === 'global');
    const lines = new Map<string, Map<string, ServerStateLine>>();
    if (serverStateFile === undefined || !wanted) return lines;
    for (const line of this.#read(serverStateFile, 'config: ', 'global server state file')) {
      let ofBackend = lines.get(line.be_name ?? '');
      if (ofBackend === undefined) lines.set(line.be_name ?? '', (ofBackend = new Map()));
      keepFirst(ofBackend, line);
    }
    return lines;
  }

  #loadLocal(proxy: Proxy): void {
    const about = `Proxy '${proxy.name}': `;
    const lines = new Map<string, ServerStateLine>();
    for (const line of this.#read(proxy.serverStateFileName ?? proxy.name, about, 'server state file'))
      if (this.#isOf(proxy, line)) keepFirst(lines, line);
    const left = this.#match(proxy, lines);
    for (const name of left)
      this.#say('warning', `${about}can't find server '${name}' in backend '${proxy.name}'`);
  }

  /** By number or by name; a line under another name counts only where its number was given by hand. */
  #isOf({ id, name }: Proxy, line: ServerStateLine): boolean {
    const sameId = Number(line.be_id) === id;
    const sameName = line.be_name === name;
    if (sameId && sameName) return true;
    const text = (what: string, from: string | undefined, now: string | number): string =>
      `Proxy '${name}': backend ${what} mismatch: from server state file: '${from}', from running config '${now}'`;
    if (sameName) this.#say('warning', text('ID', line.be_id, id));
    else if (sameId) this.#say('warning', text('name', line.be_name, name));
    return sameName || (sameId && line.bk_f_forced_id === '1');
  }

  #read(file: string, about: string, what: string): readonly ServerStateLine[] {
    const path = this.#pathOf(file);
    const text = readText(path);
    if (typeof text !== 'string') {
      const severity = text.missing ? 'notice' : 'warning';
      this.#say(severity, `${about}Can't open ${what} '${path}': ${text.error}`);
      return [];
    }
    const parsed = parseServerStateFile(text);
    if (parsed.kind === 'read') return parsed.lines;
    if (parsed.kind === 'empty') this.#say('notice', `${about}Empty ${what} '${path}'.`);
    else if (parsed.kind === 'unknown-version')
      this.#say('warning', `${about}Can't get version of the ${what} '${path}'.`);
    else this.#say('warning', `${about}corrupted ${what} '${path}' at line ${parsed.line}.`);
    return [];
  }

  #pathOf(file: string): string {
    const { serverStateBase } = this.#config.global;
    if (file.startsWith('/') || serverStateBase === undefined) return file;
    return `${serverStateBase.replace(/\/$/, '')}/${file}`;
  }

  // ── lines ──

  /** Gives the names of lines that no server has. */
  #match(proxy: Proxy, lines: ReadonlyMap<string, ServerStateLine>): string[] {
    const left = new Set(lines.keys());
    for (const server of proxy.servers) {
      const line = lines.get(server.name);
      if (line === undefined) continue;
      left.delete(server.name);
      const read = readServerState(line);
      if ('wrong' in read) {
        const where = `server-state application failed for server '${proxy.name}/${server.name}'`;
        this.#say('warning', `${where}, ${read.wrong.join(', ')}`);
      } else this.#byName.set(`${proxy.name} ${server.name}`, read.values);
    }
    return [...left];
  }

  #say(severity: Severity, message: string): void {
    this.diagnostics.push({ severity, position: { file: '', line: 0, column: 0 }, message });
  }
}

function keepFirst(lines: Map<string, ServerStateLine>, line: ServerStateLine): void {
  const name = line.srv_name ?? '';
  if (!lines.has(name)) lines.set(name, line);
}

function readText(path: string): string | { readonly missing: boolean; readonly error: string } {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { missing, error: describeSystemError(error) };
  }
}
