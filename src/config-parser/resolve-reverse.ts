/**
 * Reverse HTTP (manual, `rhttp@`, `attach-srv`): listeners name the server that they connect to, and rules the server that
 * those who connect become. Called for each proxy when all are known.
 */
import type { Bind } from '../model/bind.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Rule } from '../model/rule.ts';
import type { Server } from '../model/server.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';

type Backends = ReadonlyMap<string, Proxy>;

export function checkReverse(proxy: Proxy, backends: Backends, context: ParserContext): void {
  for (const bind of proxy.binds)
    if (bind.address.kind === 'reverse') new ReverseBind(proxy, bind, context).check(backends);
  for (const rule of proxy.rules)
    if (rule.action === 'attach-srv') new AttachRule(proxy, rule, context).check(backends);
}

type Unknown = readonly [message: string, hint: string | undefined];

/** The server of that name, or what is wrong with the name. */
function findServer(backend: string, server: string, backends: Backends): Server | Unknown {
  const proxy = backends.get(backend);
  if (proxy === undefined) return [`there is no backend '${backend}'`, didYouMean(backend, backends.keys())];
  const names = proxy.servers.map(({ name }) => name);
  const found = proxy.servers.find(({ name }) => name === server);
  return found ?? [`backend '${backend}' has no server '${server}'`, didYouMean(server, names)];
}

class ReverseBind {
  readonly #proxy: Proxy;
  readonly #bind: Bind;
  readonly #context: ParserContext;

  constructor(proxy: Proxy, bind: Bind, context: ParserContext) {
    this.#proxy = proxy;
    this.#bind = bind;
    this.#context = context;
  }

  #alert(message: string, hint?: string): void {
    this.#context.alert(this.#bind.position, `'bind ${this.#bind.written}' : ${message}`, hint);
  }

  check(backends: Backends): void {
    const { address, proto } = this.#bind;
    if (address.kind !== 'reverse') return;
    if (this.#proxy.mode !== 'http') this.#alert(`reverse HTTP needs 'mode http'.`);
    if (proto !== undefined && proto !== 'h2') this.#alert(`reverse HTTP is HTTP/2: no 'proto ${proto}'.`);
    const found = findServer(address.backend, address.server, backends);
    if ('name' in found) this.#checkServer(found);
    else this.#alert(`${found[0]}.`, found[1]);
  }

  #checkServer(server: Server): void {
    const { address, proto, ssl, mapPorts, source } = server;
    const who = `server '${server.name}'`;
    const isHttp2 = proto === 'h2' || (proto === undefined && ssl?.alpn?.join() === 'h2');
    const isAnywhere = address.kind === 'ip' && /^(?:0\.0\.0\.0|::)$/.test(address.host);
    if (address.kind === 'reverse')
      this.#alert(`${who} waits to be connected to, as its own address is 'rhttp@'.`);
    else if (!isHttp2) this.#alert(`${who} has to speak HTTP/2 alone: 'proto h2', or 'ssl' with 'alpn h2'.`);
    else if (mapPorts || isAnywhere)
      this.#alert(
        `${who} has to have an address and a port of its own: there is no client to take them from.`,
      );
    if (source?.usesrc !== undefined && /^(?:client|clientip|hdr_ip)/.test(source.usesrc))
      this.#alert(`${who} cannot be connected to from the address of a client: there is none.`);
  }
}

class AttachRule {
  readonly #proxy: Proxy;
  readonly #rule: Rule;
  readonly #context: ParserContext;

  constructor(proxy: Proxy, rule: Rule, context: ParserContext) {
    this.#proxy = proxy;
    this.#rule = rule;
    this.#context = context;
  }

  #alert(message: string, hint?: string): void {
    this.#context.alert(this.#rule.position, `'tcp-request session attach-srv' : ${message}`, hint);
  }

  check(backends: Backends): void {
    const { args } = this.#rule;
    const written = args[0]?.text ?? '';
    const [, backend, name] = /^([^/]+)\/([^/]+)$/.exec(written) ?? [];
    if (this.#proxy.mode !== 'http') this.#alert(`it needs 'mode http'.`);
    if (backend === undefined || name === undefined)
      return this.#alert(`'<backend>/<server>' expected in place of '${written}'.`);
    const found = findServer(backend, name, backends);
    if ('name' in found) this.#checkServer(written, found, args[1]?.text === 'name');
    else this.#alert(`${found[0]}.`, found[1]);
  }

  #checkServer(written: string, { address, poolConnName, tls }: Server, hasName: boolean): void {
    const isNamed = poolConnName !== undefined || tls?.sni !== undefined;
    if (address.kind !== 'reverse') this.#alert(`the address of server '${written}' is not 'rhttp@'.`);
    else if (hasName && !isNamed)
      this.#alert(`a name is given, but server '${written}' asks for none by 'pool-conn-name' or 'sni'.`);
    else if (!hasName && isNamed)
      this.#alert(
        `server '${written}' asks for names by 'pool-conn-name' or 'sni': 'name <expr>' is missing.`,
      );
  }
}
