/** `option httpchk`: sends one request and judges the answer (http-expect.ts). */
import type { Cause } from '../base/failure.ts';
import type { CheckMethod } from '../model/proxy.ts';
import type { Connection } from '../net/connection.ts';
import { causeText, ConnectionCheck, type Checker, type CheckListener } from './checker.ts';
import { compileExpect, type HttpExpect } from './http-expect.ts';
import { composeRequest } from './http-request.ts';
import { readAnswer } from './http-answer.ts';
import type { CheckFinding } from './status.ts';

interface Plan {
  readonly request: Buffer;
  readonly expect: HttpExpect;
  /** Most bytes of an answer that are looked at, `tune.bufsize`. */
  readonly bufsize: number;
}

class HttpCheck extends ConnectionCheck {
  readonly #plan: Plan;
  #received = '';

  constructor(listener: CheckListener, plan: Plan) {
    super(listener);
    this.#plan = plan;
  }

  protected begin(connection: Connection): void {
    const { request } = this.#plan;
    connection.receive();
    connection.send(request, 0, request.length);
  }

  onSent(): void {
    // the answer is awaited already
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#received += buffer.toString('latin1', offset, offset + length);
    const finding = this.#judge(this.#received.length >= this.#plan.bufsize);
    if (finding === undefined) connection.receive();
    else this.found(finding);
  }

  onEnd(): void {
    this.found(this.#judge(true) ?? { status: 'L7RSP' });
  }

  protected timedOut(): CheckFinding {
    return { status: 'L7TOUT' };
  }

  protected failed(cause: Cause): CheckFinding {
    const info = causeText(cause);
    return this.#judge(true) ?? { status: 'SOCKERR', ...(info !== undefined && { info }) };
  }

  #judge(last: boolean): CheckFinding | undefined {
    if (this.#received === '') return undefined;
    const answer = readAnswer(this.#received, last);
    if (answer === 'incomplete') return last ? { status: 'L7RSP' } : undefined;
    return answer === 'invalid' ? { status: 'L7RSP' } : this.#plan.expect(answer);
  }
}

/** `header` goes before the request: that of the PROXY protocol, or nothing. */
export function httpChecker(method: CheckMethod, bufsize: number, header: Buffer): Checker {
  const disableOn404 = method.httpCheck.some(rule => rule[0]?.text === 'disable-on-404');
  const plan: Plan = {
    request: Buffer.concat([header, composeRequest(method.args, method.httpCheck)]),
    expect: compileExpect(method.httpCheck, disableOn404),
    bufsize,
  };
  return (engine, target, listener) => new HttpCheck(listener, plan).start(engine, target);
}
