/**
 * A small ACME server (RFC 8555) for tests: verifies every request, looks at challenges itself, has openssl sign what it is
 * asked for. What it finds wrong with requests stands in `faults`. Closed in t.after.
 */
import { createHash, randomBytes, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import {
  headOf,
  isSealedBy,
  isSignedBy,
  payloadOf,
  thumbprintOf,
  type Head,
  type Jws,
} from './acme-messages.ts';
import type { Authority, Certificate } from './certificates.ts';

interface Identifier {
  readonly type: string;
  readonly value: string;
}

interface Order {
  readonly identifiers: readonly Identifier[];
  readonly profile: unknown;
  readonly authorizations: readonly number[];
  status: string;
  pem?: string;
}

export interface AskedAuthorization {
  readonly name: string;
  readonly isWildcard: boolean;
  readonly token: string;
  /** What a file, or by its hash a record, has to say. */
  readonly answer: string;
  readonly account: string;
}

interface Kept extends AskedAuthorization {
  readonly identifier: Identifier;
  status: string;
  problem?: unknown;
}

export interface ScriptedReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Wishes {
  readonly authority: Authority;
  readonly tls?: Certificate;
  /** Undefined: it believes; a text says why not. */
  readonly validate: (asked: AskedAuthorization) => Promise<string | undefined>;
  readonly externalKey?: Buffer;
  /** In its URLs, instead of the address. */
  readonly host?: string;
  /** Challenges it offers. */
  readonly types?: readonly string[];
}

export class AcmeServer {
  url = '';
  /** `POST new-order` and so on. */
  readonly requests: string[] = [];
  readonly faults: string[] = [];
  readonly orders: Order[] = [];
  /** In DER. */
  readonly certificateRequests: Buffer[] = [];
  readonly newAccounts: Record<string, unknown>[] = [];
  /** Answers in place of the server's own; 'silence' is none. */
  script: (request: string) => ScriptedReply | 'silence' | undefined = () => undefined;
  readonly #wishes: Wishes;
  readonly #nonces = new Set<string>();
  readonly #keys = new Map<string, JsonWebKey>();
  readonly #authorizations: Kept[] = [];

  private constructor(wishes: Wishes) {
    this.#wishes = wishes;
  }

  static async start(t: TestContext, wishes: Wishes): Promise<AcmeServer> {
    const acme = new AcmeServer(wishes);
    const { tls } = wishes;
    const answer: RequestListener = (request, response) => void acme.#serve(request, response);
    const server =
      tls === undefined ? createServer(answer) : createTlsServer({ cert: tls.cert, key: tls.key }, answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    acme.url = `http${tls === undefined ? '' : 's'}://${wishes.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return acme;
  }

  get directory(): string {
    return `${this.url}/directory`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? '').slice(1);
    const said = `${request.method} ${path}`;
    this.requests.push(said);
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    response.setHeader('Replay-Nonce', nonce);
    // for what is not decided yet: it takes no time here
    response.setHeader('Retry-After', '0');
    const scripted = this.script(said);
    if (scripted === 'silence') return;
    if (scripted !== undefined) {
      response.writeHead(scripted.status, scripted.headers).end(scripted.body);
      return;
    }
    if (request.method === 'HEAD') return void response.end();
    if (path === 'directory') return json(response, 200, this.#directory());
    this.#answer(path, request, Buffer.concat(chunks), response);
  }

  #directory(): unknown {
    const places = { newNonce: 'new-nonce', newAccount: 'new-account', newOrder: 'new-order' };
    const urls = Object.entries(places).map(([name, path]) => [name, `${this.url}/${path}`]);
    const meta = { externalAccountRequired: this.#wishes.externalKey !== undefined };
    return { ...(Object.fromEntries(urls) as object), meta };
  }

  #answer(path: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const message = JSON.parse(body.toString()) as Jws;
    const head = headOf(message);
    const key = head.jwk ?? this.#keys.get(head.kid ?? '');
    const fault = this.#faultOf(path, request, head, message, key);
    if (fault !== undefined) {
      this.faults.push(`${path}: ${fault}`);
      return problem(response, 400, 'malformed', fault);
    }
    if (head.nonce === undefined || !this.#nonces.delete(head.nonce))
      return problem(response, 400, 'badNonce', 'used');
    const [resource = '', number] = path.split('/');
    const at = Number(number);
    const payload = payloadOf(message);
    if (resource === 'new-account') return this.#account(key as JsonWebKey, payload, response);
    if (resource === 'new-order') return this.#newOrder(key as JsonWebKey, head.kid ?? '', payload, response);
    if (resource === 'authz') return json(response, 200, this.#authorization(at));
    if (resource === 'challenge') return void this.#challenge(at, response);
    if (resource === 'finalize') return this.#finalize(at, payload, response);
    if (resource === 'order') return json(response, 200, this.#order(at));
    const pem = resource === 'cert' ? this.orders[at]?.pem : undefined;
    if (pem === undefined) return problem(response, 404, 'malformed', 'no such resource');
    response.setHeader('Content-Type', 'application/pem-certificate-chain').end(pem);
  }

  #faultOf(
    path: string,
    request: IncomingMessage,
    head: Head,
    message: Jws,
    key: JsonWebKey | undefined,
  ): string | undefined {
    if (request.method !== 'POST') return `method ${request.method}`;
    if (request.headers['content-type'] !== 'application/jose+json') return 'content-type';
    if (head.url !== `${this.url}/${path}`) return `url ${head.url}`;
    if ((head.jwk === undefined) === (head.kid === undefined)) return 'jwk or kid';
    if ((path === 'new-account') !== (head.jwk !== undefined)) return 'jwk or kid in the wrong place';
    if (key === undefined) return `unknown account ${head.kid}`;
    return isSignedBy(key, message) ? undefined : 'signature';
  }

  #account(key: JsonWebKey, payload: Record<string, unknown>, response: ServerResponse): void {
    const url = `${this.url}/account/${thumbprintOf(key)}`;
    const isKnown = this.#keys.has(url);
    if (!isKnown && payload['onlyReturnExisting'] === true)
      return problem(response, 400, 'accountDoesNotExist', 'unknown key');
    const { externalKey } = this.#wishes;
    if (!isKnown && externalKey !== undefined) {
      const binding = payload['externalAccountBinding'] as Jws;
      if (!isSealedBy(externalKey, binding) || thumbprintOf(payloadOf(binding)) !== thumbprintOf(key))
        return problem(response, 403, 'unauthorized', 'binding');
    }
    if (!isKnown) this.newAccounts.push(payload);
    this.#keys.set(url, key);
    response.setHeader('Location', url);
    json(response, isKnown ? 200 : 201, { status: 'valid' });
  }

  #newOrder(
    key: JsonWebKey,
    account: string,
    payload: Record<string, unknown>,
    response: ServerResponse,
  ): void {
    const identifiers = payload['identifiers'] as Identifier[];
    const authorizations = identifiers.map(identifier => {
      const token = randomBytes(16).toString('base64url');
      const name = identifier.value.replace(/^\*\./, '');
      const isWildcard = name !== identifier.value;
      const answer = `${token}.${thumbprintOf(key)}`;
      return (
        this.#authorizations.push({
          name,
          isWildcard,
          token,
          answer,
          account,
          identifier: { ...identifier, value: name },
          status: 'pending',
        }) - 1
      );
    });
    const { profile } = payload;
    const at = this.orders.push({ identifiers, profile, authorizations, status: 'pending' }) - 1;
    response.setHeader('Location', `${this.url}/order/${at}`);
    json(response, 201, this.#order(at));
  }

  #order(at: number): unknown {
    const order = this.orders[at] as Order;
    const states = order.authorizations.map(index => this.#authorizations[index]?.status);
    if (order.status === 'pending' && states.every(one => one === 'valid')) order.status = 'ready';
    if (states.includes('invalid')) order.status = 'invalid';
    const { status, identifiers } = order;
    return {
      status,
      identifiers,
      authorizations: order.authorizations.map(index => `${this.url}/authz/${index}`),
      finalize: `${this.url}/finalize/${at}`,
      ...(status === 'valid' && { certificate: `${this.url}/cert/${at}` }),
    };
  }

  #authorization(at: number): unknown {
    const { identifier, isWildcard, status, token, problem: error } = this.#authorizations[at] as Kept;
    const types = this.#wishes.types ?? ['http-01', 'dns-01'];
    const challenges = types.map(type => ({
      type,
      status,
      url: `${this.url}/challenge/${at}`,
      ...(type === 'dns-persist-01' ? { 'issuer-domain-names': ['ca.example'] } : { token }),
      ...(error !== undefined && { error }),
    }));
    return { identifier, status, challenges, ...(isWildcard && { wildcard: true }) };
  }

  async #challenge(at: number, response: ServerResponse): Promise<void> {
    const kept = this.#authorizations[at] as Kept;
    kept.status = 'processing';
    json(response, 200, { status: kept.status });
    const refusal = await this.#wishes.validate(kept).catch((error: unknown) => String(error));
    kept.status = refusal === undefined ? 'valid' : 'invalid';
    if (refusal !== undefined) kept.problem = document('unauthorized', refusal);
  }

  #finalize(at: number, payload: Record<string, unknown>, response: ServerResponse): void {
    const order = this.orders[at] as Order;
    if (order.status !== 'ready') return problem(response, 403, 'orderNotReady', order.status);
    const request = Buffer.from(String(payload['csr']), 'base64url');
    this.certificateRequests.push(request);
    order.pem = this.#wishes.authority.sign(request);
    order.status = 'valid';
    json(response, 200, this.#order(at));
  }
}

/** What the record of dns-01 has to say. */
export function recordText(answer: string): string {
  return createHash('sha256').update(answer).digest('base64url');
}

/** Asks for the file of http-01 as an authority does. */
export async function askForFile(
  port: number,
  { token, answer }: AskedAuthorization,
): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/acme-challenge/${token}`);
  const text = (await response.text()).trim();
  return response.status === 200 && text === answer ? undefined : `${response.status} ${text}`;
}

function document(type: string, detail: string): unknown {
  return { type: `urn:ietf:params:acme:error:${type}`, detail };
}

export function problem(response: ServerResponse, status: number, type: string, detail: string): void {
  response.setHeader('Content-Type', 'application/problem+json');
  response.writeHead(status).end(JSON.stringify(document(type, detail)));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.writeHead(status).end(JSON.stringify(value));
}
