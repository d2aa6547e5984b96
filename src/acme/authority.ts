/**
 * What one account says to its authority (RFC 8555): finds its directory, signs every request with the account's key and
 * a nonce of the authority, tries again what may succeed then. One is made for each order: nothing is kept longer.
 */
import type { AcmeSection } from '../model/acme.ts';
import type { ClientAsk } from '../net/http-client.ts';
import type { AccountKey } from './account-key.ts';
import { binding, type ExternalCredentials } from './external-account.ts';
import { AcmeFailure, logWords } from './failure.ts';
import type { AcmeHost } from './host.ts';
import { checkedUrl, objectIn, urlOf, type JsonObject } from './json.ts';
import { failureOf, Reply } from './reply.ts';
import { flattened } from './signed-message.ts';

/** At most, each attempt counted. */
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 1000;
/** What takes longer is for another day. */
const LONGEST_WAIT_MS = 60_000;
const SILENCE_MS = 30_000;
const MOST_BYTES = 1_048_576;
const JOSE = 'application/jose+json';

export interface AccountParts {
  readonly section: AcmeSection;
  readonly key: AccountKey;
  readonly external: ExternalCredentials | undefined;
}

export class Authority {
  readonly #account: AccountParts;
  readonly #host: AcmeHost;
  #directory: JsonObject = {};
  /** Unused ones, as they come with answers. */
  readonly #nonces: string[] = [];
  #accountUrl: string | undefined;

  constructor(account: AccountParts, host: AcmeHost) {
    this.#account = account;
    this.#host = host;
  }

  /** URL of the account, which is made if the key has none yet. */
  async open(): Promise<string> {
    const { directory } = this.#account.section;
    const reply = await this.#steadily(() => this.#exchange('GET', directory));
    this.#directory = reply.json();
    this.#accountUrl = await this.#findAccount();
    return this.#accountUrl;
  }

  async #findAccount(): Promise<string> {
    const url = this.resource('newAccount');
    try {
      return accountOf(await this.#post(url, { onlyReturnExisting: true }, true));
    } catch (error) {
      if (!(error instanceof AcmeFailure) || error.problem !== 'accountDoesNotExist') throw error;
    }
    return accountOf(await this.#post(url, this.#newAccount(url), true));
  }

  #newAccount(url: string): JsonObject {
    const { section, key, external } = this.#account;
    const meta = objectIn(this.#directory, 'meta') ?? {};
    if (meta['externalAccountRequired'] === true && external === undefined)
      throw new AcmeFailure(
        `${section.directory} asks for an external account: 'eab-key-id' and 'eab-mac-key' are needed`,
      );
    return {
      termsOfServiceAgreed: true,
      ...(section.contact !== undefined && { contact: [`mailto:${section.contact}`] }),
      ...(external !== undefined && { externalAccountBinding: binding(external, key.jwk, url) }),
    };
  }

  /** URL of something the directory names. */
  resource(name: string): string {
    return urlOf(this.#directory, name, `the directory ${logWords(this.#account.section.directory)}`);
  }

  /** `payload` undefined: nothing is changed, only read. */
  post(url: string, payload: JsonObject | undefined): Promise<Reply> {
    return this.#post(url, payload, false);
  }

  /** `withKey`: who asks has no account yet, as far as it knows. */
  #post(url: string, payload: JsonObject | undefined, withKey: boolean): Promise<Reply> {
    const { key } = this.#account;
    const who = withKey ? { jwk: key.jwk } : { kid: this.#accountUrl };
    const text = payload === undefined ? '' : JSON.stringify(payload);
    return this.#steadily(async () => {
      const nonce = this.#nonces.pop() ?? (await this.#newNonce());
      const message = flattened({ alg: key.algorithm, ...who, nonce, url }, text, key.sign);
      return this.#exchange('POST', url, Buffer.from(JSON.stringify(message)));
    });
  }

  async #newNonce(): Promise<string> {
    const url = this.resource('newNonce');
    await this.#exchange('HEAD', url);
    const nonce = this.#nonces.pop();
    if (nonce === undefined) throw new AcmeFailure(`${logWords(url)} gives no nonce`);
    return nonce;
  }

  async #exchange(method: string, url: string, body?: Buffer): Promise<Reply> {
    const ask: ClientAsk = {
      method,
      url: new URL(url),
      headers: body === undefined ? [] : [['Content-Type', JOSE]],
      body,
      target: undefined,
      timeoutMs: SILENCE_MS,
      mostBytes: MOST_BYTES,
    };
    const { answer, failure } = await this.#host.ask(ask);
    if (failure !== undefined)
      throw new AcmeFailure(`no answer of ${logWords(url)} : ${logWords(failure)}`, { mayPass: true });
    const reply = new Reply(url, answer);
    const nonce = reply.header('replay-nonce');
    if (nonce !== undefined && /^[A-Za-z0-9_-]+$/.test(nonce)) this.#nonces.push(nonce);
    if (answer.status >= 200 && answer.status < 300) return reply;
    throw failureOf(reply, answer.status);
  }

  async #steadily(attempt: () => Promise<Reply>): Promise<Reply> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof AcmeFailure) || !error.mayPass || attempts === ATTEMPTS) throw error;
        const waitMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (attempts - 1);
        if (waitMs > LONGEST_WAIT_MS) throw error;
        await this.#host.pause(waitMs);
      }
    }
  }
}

function accountOf(reply: Reply): string {
  return checkedUrl(reply.header('location'), `the account's address from ${logWords(reply.url)}`);
}
