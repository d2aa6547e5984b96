/**
 * The rulesets a request passes before it has a server, and all the ways it can wait in them: for time, for its
 * body (`wait-for-body`, `option http-buffer-request`), in the tarpit.
 *
 *   frontend: content ▶ http-request ▶ statistics ▶ redirects ▶ use_backend
 *   ─▶ backend: content ▶ http-request ▶ statistics ▶ redirects
 */
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Connection } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import type { WaitReason } from '../../rules/context.ts';
import type { Reply } from '../../rules/reply.ts';
import type { PlacedFilter } from '../../rules/script-filter.ts';
import type { CompiledRuleset } from '../../rules/ruleset.ts';
import {
  ACCEPT,
  CONTINUE,
  INTERNAL_ERROR,
  SERVICE,
  SWITCH_TO_HTTP,
  TARPIT,
  YIELD,
  type Verdict,
} from '../../rules/verdict.ts';
import type { Answer } from '../response/answer.ts';
import { buffersRequests, endUndecided } from './buffers-requests.ts';
import { readDeniedCookies } from './denied-cookies.ts';
import { inviteBody } from '../response/interim-responses.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { ClientTrouble } from '../client/client-trouble.ts';
import type { RequestBody } from './request-body.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from '../runtime/runtime.ts';
import { statisticsVerdict } from './statistics-request.ts';
import type { Phase } from '../accounts/termination.ts';
import type { Transaction } from '../transaction.ts';

const FRONTEND_CONTENT = 0;
const FRONTEND_RULES = 1;
const FRONTEND_STATISTICS = 2;
// 3: the frontend's redirects
const CHOOSE_BACKEND = 4;
const BACKEND_CONTENT = 5;
const BACKEND_RULES = 6;
const BACKEND_STATISTICS = 7;
const BACKEND_REDIRECTS = 8;

/** What a request is held for. */
type Hold = 'none' | 'rule' | 'tarpit' | 'whole body';

/** What the rules tell their stream, and ask of it. */
export interface RequestRulesOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly frontend: FrontendRuntime;
  readonly body: RequestBody;
  readonly requestHead: Http1RequestHead;
  readonly answer: Answer;
  readonly clientConnection: Connection;
  /** Every ruleset is passed and the backend known. */
  requestAllowed(backend: BackendRuntime): void;
  /** The filters of a proxy join; false: one has failed, and the request has ended. */
  joinFilters(filters: readonly PlacedFilter[]): boolean;
  /** A rule has found a stored response: no server is asked. */
  cacheAnswers(): void;
  /** A rule has decided otherwise. */
  requestDecided(verdict: Verdict): void;
  replyWith(reply: Reply | undefined): void;
  fail(status: number, letter: string, phase: Phase): void;
  readonly clientTrouble: ClientTrouble;
}

export class RequestRules {
  readonly #stream: RequestRulesOwner;
  /** Made when a rule first waits. */
  timer: Timer | undefined;
  #stage = FRONTEND_CONTENT;
  #hold: Hold = 'none';

  constructor(stream: RequestRulesOwner) {
    this.#stream = stream;
    stream.transaction.pendingName.onAnswer = () => {
      if (this.#hold === 'rule' && stream.transaction.waitFor === 'resolution') this.#resume(false);
    };
  }

  start(): void {
    const { frontend, transaction } = this.#stream;
    // content rules have run already where the connection came in mode tcp
    const first = transaction.contentInspected ? FRONTEND_RULES : FRONTEND_CONTENT;
    if (this.#buffers(frontend.config)) this.#bufferFirst(first, frontend.config);
    else this.#run(first);
  }

  #buffers(proxy: Proxy): boolean {
    return !this.#stream.body.read && buffersRequests(proxy);
  }

  /** The stream is over: whatever is waited for. */
  stop(): void {
    this.#hold = 'none';
    if (this.timer !== undefined) this.#stream.thread.wheel.remove(this.timer);
  }

  /** Runs one ruleset after the other, from `stage` on, until one decides or waits. */
  #run(from: number): void {
    const { transaction } = this.#stream;
    for (let stage = from; stage <= BACKEND_REDIRECTS; stage++) {
      this.#stage = stage;
      if (transaction.cacheHit !== undefined) return this.#stream.cacheAnswers();
      if (stage === FRONTEND_RULES) transaction.countRequest();
      if (stage === BACKEND_RULES) transaction.countInBackend();
      if (stage === CHOOSE_BACKEND) {
        if (!this.#chooseBackend() || this.#backendBuffers()) return;
      } else if (!this.#passed(this.#verdict(stage))) return;
    }
    this.#stream.requestAllowed(transaction.backendRuntime as BackendRuntime);
  }

  #verdict(stage: number): Verdict {
    const { frontend, transaction } = this.#stream;
    if (stage === FRONTEND_STATISTICS) return statisticsVerdict(frontend, transaction);
    const backend = transaction.backendRuntime;
    if (stage === BACKEND_STATISTICS && backend !== undefined && backend.config !== frontend.config)
      return statisticsVerdict(backend, transaction);
    return this.#ruleset(stage)?.run(transaction) ?? CONTINUE;
  }

  #ruleset(stage: number): CompiledRuleset | undefined {
    const { frontend } = this.#stream;
    if (stage < CHOOSE_BACKEND) {
      if (stage === FRONTEND_CONTENT) return frontend.rules.tcpRequestContent;
      if (stage === FRONTEND_STATISTICS) return undefined;
      return stage === FRONTEND_RULES ? frontend.rules.httpRequest : frontend.rules.redirects;
    }
    const backend = this.#stream.transaction.backendRuntime as BackendRuntime;
    if (backend.config === frontend.config) return undefined;
    if (stage === BACKEND_STATISTICS) return undefined;
    if (stage === BACKEND_CONTENT) return backend.rules.tcpRequestContent;
    return stage === BACKEND_RULES ? backend.rules.httpRequest : backend.rules.redirects;
  }

  /** True: go on with the next ruleset. */
  #passed(verdict: Verdict): boolean {
    // `switch-mode` has nothing left to do here, and ends the list as `accept` does
    if (verdict === CONTINUE || verdict === ACCEPT || verdict === SWITCH_TO_HTTP) return true;
    if (verdict === YIELD) this.#wait();
    else if (verdict === TARPIT) this.#tarpit();
    else this.#stream.requestDecided(verdict);
    return false;
  }

  /** False: no `use_backend` rule matches, and there is no default; or the request has ended otherwise. */
  #chooseBackend(): boolean {
    const { frontend, transaction } = this.#stream;
    if (frontend.isHaterm) return this.#passed(SERVICE);
    const backend = transaction.chosenBackend ?? frontend.chooseBackend(transaction);
    if (backend === undefined) this.#nowhere();
    else if (backend.config.mode !== 'http') this.#stream.requestDecided(INTERNAL_ERROR);
    else {
      transaction.useBackend(backend);
      const { filters } = backend.rules;
      return filters.length === 0 || backend.config === frontend.config || this.#stream.joinFilters(filters);
    }
    return false;
  }

  /** True: its rules run when the body is here. What the frontend has waited for is not waited for again. */
  #backendBuffers(): boolean {
    const { frontend, transaction } = this.#stream;
    const { config } = transaction.backendRuntime as BackendRuntime;
    if (!this.#buffers(config) || this.#buffers(frontend.config)) return false;
    this.#bufferFirst(BACKEND_CONTENT, config);
    return true;
  }

  #nowhere(): void {
    endUndecided(this.#stream);
    this.#stream.fail(503, 'S', 'C');
  }

  // ── waiting ──

  /** A rule waits: for time, for the body, for a name. The wait's timer or the event resumes it. */
  #wait(): void {
    const { transaction, session } = this.#stream;
    transaction.waitOver = false;
    transaction.request?.headers.leaveSource();
    this.#hold = 'rule';
    transaction.wakeUp = () => {
      if (this.#hold === 'rule' && isWoken(transaction.waitFor)) this.#resume(false);
    };
    this.#arm(transaction.waitMs === 0 ? transaction.timeout('client') : transaction.waitMs);
    if (transaction.waitFor === 'request body') this.#bufferBody();
    else session.watch();
  }

  #resume(waitOver: boolean): void {
    const { transaction } = this.#stream;
    this.#letGo();
    transaction.waitOver = waitOver;
    const ruleset = this.#ruleset(this.#stage) as CompiledRuleset;
    if (this.#passed(ruleset.resume(transaction))) this.#run(this.#stage + 1);
  }

  #tarpit(): void {
    const { transaction, session } = this.#stream;
    transaction.termination.set('P', 'T');
    readDeniedCookies(transaction, this.#stream.frontend);
    transaction.countTracked('error');
    const holdMs = transaction.timeout('tarpit');
    if (holdMs === 0) return this.#tarpitOver();
    this.#hold = 'tarpit';
    this.#arm(holdMs);
    session.watch();
  }

  #tarpitOver(): void {
    const { transaction, thread } = this.#stream;
    endUndecided(this.#stream);
    transaction.timers.tarpitEndedAt = thread.wheel.now;
    this.#stream.replyWith(transaction.reply);
  }

  /** `option http-buffer-request`: rules run once the body, or a buffer full of it, is here. */
  #bufferFirst(next: number, { timeouts }: Proxy): void {
    this.#hold = 'whole body';
    this.#stage = next;
    this.#stream.transaction.heldBy = 'http-buffer-request';
    this.#stream.transaction.request?.headers.leaveSource();
    const { transaction, thread } = this.#stream;
    const { httpRequest } = timeouts;
    const spentMs = thread.wheel.now - transaction.timers.firstByteAt;
    if (httpRequest > 0) this.#arm(Math.max(1, httpRequest - spentMs));
    this.#bufferBody();
  }

  /** The body piles up in the inbox and is looked at there. */
  #bufferBody(): void {
    const { transaction, session, body } = this.#stream;
    const seen = body.inspect();
    if (seen.broken) return this.#bodyIsBroken();
    const isForRule = this.#hold === 'rule' && transaction.waitBytes > 0;
    const enough = isForRule ? transaction.waitBytes : Infinity;
    if (!seen.complete && seen.length < Math.min(enough, transaction.bodyRoom)) return this.#wantMore();
    transaction.holdsOfRequest((transaction.request?.headers.length ?? 0) + session.inbox.length);
    if (this.#hold === 'rule') this.#resume(false);
    else this.#buffered();
  }

  #wantMore(): void {
    const { session, transaction, body } = this.#stream;
    if (body.decoder.untouched && session.inbox.length === 0) inviteBody(this.#stream);
    session.expect(transaction.timeout('client'));
    session.receive();
  }

  #buffered(): void {
    this.#stream.transaction.heldBy = undefined;
    this.#letGo();
    this.#run(this.#stage);
  }

  /** The client sends no more of it; true: it was waited for here, and the rules see what there is. */
  bodyTruncated(): boolean {
    if (!this.#waitsForBody()) return false;
    if (this.#hold === 'rule') this.#resume(false);
    else this.#buffered();
    return true;
  }

  /**
   * The client's connection is lost; true: whoever waited for its body, or had it wait, goes on all the same, and what is
   * decided is for logs.
   */
  clientLost(): boolean {
    const isTarpit = this.#hold === 'tarpit';
    if (!isTarpit && !(this.#waitsForBody() && this.#stream.session.ended)) return false;
    // nothing is to be sent any more
    const { clientConnection, transaction } = this.#stream;
    clientConnection.close();
    transaction.lostBy = transaction.heldBy;
    if (!isTarpit) return this.bodyTruncated();
    this.#letGo();
    this.#tarpitOver();
    return true;
  }

  /** The client has closed its side; true: it was in the tarpit, which keeps nobody who does not wait. */
  tarpitLeft(): boolean {
    if (this.#hold !== 'tarpit') return false;
    this.#letGo();
    this.#tarpitOver();
    return true;
  }

  /** Bytes from the client; true: they were waited for here. */
  bytesArrived(): boolean {
    const isWanted = this.#waitsForBody();
    if (isWanted) this.#bufferBody();
    return isWanted;
  }

  #waitsForBody(): boolean {
    if (this.#hold === 'rule') return this.#stream.transaction.waitFor === 'request body';
    return this.#hold === 'whole body';
  }

  /** The client has not gone on within its timeout; true: it was waited for here. */
  stalled(): boolean {
    if (!this.#waitsForBody()) return false;
    this.#letGo();
    this.#bodyIsLate();
    return true;
  }

  #bodyIsBroken(): void {
    this.#letGo();
    this.#stream.transaction.timers.undecided();
    this.#stream.clientTrouble.badRequest(400);
  }

  #bodyIsLate(): void {
    this.#stream.transaction.timers.undecided();
    this.#stream.clientTrouble.headTimeout();
  }

  #expired(): void {
    const hold = this.#hold;
    if (hold === 'rule') return this.#resume(true);
    this.#letGo();
    if (hold === 'tarpit') this.#tarpitOver();
    else if (hold === 'whole body') this.#bodyIsLate();
  }

  #arm(delayMs: number): void {
    this.#stream.thread.wheel.set((this.timer ??= new Timer(() => this.#expired())), delayMs);
  }

  #letGo(): void {
    if (this.#waitsForBody()) this.#stream.session.clearTimer();
    this.#hold = 'none';
    // as HAProxy counts, the request is received when rules are done with waiting
    this.#stream.transaction.timers.headReadAt = this.#stream.thread.wheel.now;
    if (this.timer !== undefined) this.#stream.thread.wheel.clear(this.timer);
  }
}

/** Its wait ends by wakeUp(). */
function isWoken(reason: WaitReason): boolean {
  return reason === 'script' || reason === 'handshake';
}
