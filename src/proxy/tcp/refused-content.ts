/** What is told of a session in mode tcp that content rules end: in its log line, and by which counters. */
import { CLOSE, SCRIPT_DONE, SILENT_DROP, type Verdict } from '../../rules/verdict.ts';
import type { Transaction } from '../transaction.ts';

export function noteRefusedRequest(transaction: Transaction, verdict: Verdict): void {
  if (verdict === SCRIPT_DONE) return transaction.termination.set('L', 'R');
  transaction.termination.set('P', 'R');
  // in the name of the frontend, whoever has the rule
  if (verdict !== SILENT_DROP) transaction.flaw = 'rejected content';
}

export function noteRefusedResponse(transaction: Transaction, verdict: Verdict): void {
  // a session that is over
  if (verdict === CLOSE) return;
  if (verdict === SCRIPT_DONE) return transaction.termination.set('L', 'D');
  if (verdict !== SILENT_DROP) transaction.flaw = 'denied response';
  transaction.termination.set('P', verdict === SILENT_DROP ? 'R' : 'D');
}
