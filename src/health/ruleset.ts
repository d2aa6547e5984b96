/**
 * What a check does, compiled: the steps that `tcp-check` and `http-check` rules, and all ready-made checks, come
 * down to (manual, section 4.2). ruleset-check.ts performs it.
 */
import type { Address } from '../model/address.ts';
import type { CheckStatus } from '../model/check-status.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckFinding } from './status.ts';

export interface Ruleset {
  readonly kind: 'tcp-check' | 'httpchk' | 'ready-made';
  readonly steps: readonly Step[];
  /** `http-check disable-on-404` */
  readonly disableOn404: boolean;
  /** `http-check send-state` */
  readonly sendState: boolean;
}

export type Step = ConnectStep | SendStep | ExpectStep | ActionStep;

export interface ConnectStep {
  readonly kind: 'connect';
  /** No rule said it: step 0 in messages. */
  readonly implicit: boolean;
  readonly index: number;
  readonly comment?: string;
  /** Address, port, TLS and PROXY protocol as the server's own settings say; what is given here wins. */
  readonly default: boolean;
  readonly address?: Address;
  readonly port?: number | ((facts: CheckFacts) => number | undefined);
  /** Closes cleanly, not with a reset. */
  readonly linger: boolean;
  readonly sendProxy: boolean;
  readonly ssl: boolean;
  readonly sni?: string | ((facts: CheckFacts) => string);
  readonly alpn?: readonly string[];
  readonly proto?: string;
  readonly viaSocks4: boolean;
}

export interface SendStep {
  readonly kind: 'send';
  readonly index: number;
  readonly comment?: string;
  /** Bytes, or what is wrong. */
  readonly compose: (facts: CheckFacts) => Buffer | string;
  /** It may have nothing to say, and the server speaks without being asked. */
  readonly optional?: true;
  /** The Host header of an HTTP request, which names the server in TLS where no rule does. */
  readonly host?: (facts: CheckFacts) => string;
}

/** `wait`: more has to come. A finding ends the check. */
export type Verdict = 'wait' | 'passed' | CheckFinding;

export interface ExpectStep {
  readonly kind: 'expect';
  readonly index: number;
  readonly comment?: string;
  /** `expect string 'x'`: how errors of the connection name it. */
  readonly name: string;
  /** `!` */
  readonly inverse: boolean;
  /** `last`: nothing more comes. */
  readonly judge: (facts: CheckFacts, last: boolean) => Verdict;
  /** Place of the step from which judging begins again when more has come, where it is not this one. */
  readonly head?: number;
  readonly okStatus?: CheckStatus;
  readonly timeoutStatus?: CheckStatus;
  readonly onSuccess?: (facts: CheckFacts) => string;
  readonly statusCode?: (facts: CheckFacts) => number | undefined;
}

interface ActionStep {
  readonly kind: 'action';
  readonly index: number;
  readonly run: (facts: CheckFacts) => void;
}

/** Where a rule stands. */
export interface StepPlace {
  /** Among the rules, from 0. */
  readonly index: number;
  /** Place of the step from which judging begins again: see ExpectStep. */
  readonly head: number;
  /** Of the `comment` rule before it. */
  readonly comment: string | undefined;
}

/** The number of a step in messages, from 1; 0 for a connection that no rule asked for. */
export function stepNumber(step: Step): number {
  return step.kind === 'connect' && step.implicit ? 0 : step.index + 1;
}
