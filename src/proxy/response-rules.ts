/** The rulesets a server's response passes: the backend's first, then the frontend's if that is another proxy. */
import { ACCEPT, CONTINUE, REJECT, type Verdict } from '../rules/verdict.ts';
import type { ProxyRules } from '../rules/proxy-rules.ts';
import type { FrontendRuntime } from './runtime.ts';
import type { Transaction } from './transaction.ts';

/** CONTINUE, or what a rule decided; REJECT for everything that content rules refuse. */
export function runResponseRules(transaction: Transaction, frontend: FrontendRuntime): Verdict {
  const backend = transaction.backendRuntime;
  if (backend === undefined || backend.config === frontend.config) return passes(frontend.rules, transaction);
  const verdict = passes(backend.rules, transaction);
  return verdict === CONTINUE ? passes(frontend.rules, transaction) : verdict;
}

function passes(rules: ProxyRules, transaction: Transaction): Verdict {
  const content = rules.tcpResponseContent;
  if (!content.empty && !isPass(content.run(transaction))) return REJECT;
  if (rules.httpResponse.empty) return CONTINUE;
  const verdict = rules.httpResponse.run(transaction);
  return isPass(verdict) ? CONTINUE : verdict;
}

/** `http-after-response`: for every answer, whoever made it. */
export function runAfterResponse(transaction: Transaction, frontend: FrontendRuntime): void {
  const backend = transaction.backendRuntime;
  if (backend !== undefined && backend.config !== frontend.config)
    backend.rules.httpAfterResponse.run(transaction);
  frontend.rules.httpAfterResponse.run(transaction);
}

function isPass(verdict: Verdict): boolean {
  return verdict === CONTINUE || verdict === ACCEPT;
}
