/**
 * Turns what a check has found into the server's state: counts it, notes it, tells it (`option log-health-checks`),
 * and sets the server up, stopping or down when the count says so.
 */
import { checkStatus, type CheckOutcome } from '../model/check-status.ts';
import type { CheckKind } from '../state/check-reports.ts';
import { SRV_RUNNING, SRV_STOPPED, SRV_STOPPING } from '../state/server-words.ts';
import { advance, describeHealth, type CheckPolicy } from './advance.ts';
import { LEVEL_INFO, LEVEL_NOTICE } from './life-effects.ts';
import { AGENT_POLICY, type LifeServer } from './life-server.ts';
import type { ServerLife } from './server-life.ts';
import { describeReport, type CheckReport } from './status.ts';

const KINDS = ['check', 'agent'] as const;

export class CheckJudge {
  readonly #life: ServerLife;

  constructor(life: ServerLife) {
    this.#life = life;
  }

  /** Notes a report and counts it. */
  note(server: LifeServer, kind: CheckKind, report: CheckReport): void {
    const { servers } = this.#life.effects;
    const { checks } = servers;
    const { row } = server;
    const { outcome } = checkStatus(report.status);
    const changedStatus = checks.status(row, kind).name !== report.status;
    servers.publishCheck(row, kind, report);
    if (outcome === 'neutral' || outcome === 'unknown') return;
    const policy = policyOf(server, kind);
    const health = checks.health(row, kind);
    const counts = outcome !== 'failed' || countsAsFailure(kind, report);
    const next = counts ? advance(health, outcome, policy) : { health, changed: false };
    const counted = counts && outcome === 'failed' && health > 0;
    if (counted) servers.countFailedCheck(row);
    if (next.changed) servers.publishCheck(row, kind, { health: next.health });
    if (outcome !== 'failed') servers.observedSuccess(row);
    if (changedStatus || counted || next.changed) this.#life.events.checked(server, kind);
    if (changedStatus || counted || next.changed) this.#tell(server, kind, report, outcome);
    if (kind === 'check' && report.status === 'L4TOUT') this.#life.onUnreachable(server);
  }

  /** Acts upon the last report. */
  act(server: LifeServer, kind: CheckKind): void {
    const { outcome } = this.#life.effects.servers.checks.status(server.row, kind);
    if (outcome === 'failed') this.#failed(server, kind);
    else if (outcome === 'passed') this.#passed(server, kind);
    else if (outcome === 'conditional') this.#conditional(server, kind);
  }

  /** That an agent cannot be asked says nothing of its server. */
  #failed(server: LifeServer, kind: CheckKind): void {
    const { checks } = this.#life.effects.servers;
    if (kind === 'agent' && checks.status(server.row, 'agent').name !== 'L7STS') return;
    if (checks.health(server.row, kind) === 0) this.#life.setStopped(server, this.#cause(server, kind), kind);
  }

  #passed(server: LifeServer, kind: CheckKind): void {
    if (this.#life.state(server) === SRV_RUNNING) return;
    if (!this.#allowsUp(server)) return;
    if (kind === 'agent' && this.#life.state(server) === SRV_STOPPING) return;
    this.#life.setRunning(server, this.#cause(server, kind), kind);
  }

  #conditional(server: LifeServer, kind: CheckKind): void {
    if (kind === 'check' && this.#allowsUp(server))
      this.#life.setStopping(server, this.#cause(server, kind), kind);
  }

  /** Up takes all: neither maintenance, nor a tracked server that is down, nor a check or agent that says down. */
  #allowsUp(server: LifeServer): boolean {
    const { checks } = this.#life.effects.servers;
    const { row, tracked } = server;
    if (this.#life.inMaintenance(server)) return false;
    if (tracked !== undefined && this.#life.state(tracked) === SRV_STOPPED) return false;
    return KINDS.every(
      kind => !checks.enabled(row, kind) || checks.health(row, kind) >= policyOf(server, kind).rise,
    );
  }

  /** `log-health-checks` told the reason already. */
  #cause(server: LifeServer, kind: CheckKind): string {
    const silent = server.tracked !== undefined || server.proxy.options.flags.has('log-health-checks');
    return silent ? '' : describeReport(lastReport(this.#life, server, kind));
  }

  #tell(server: LifeServer, kind: CheckKind, report: CheckReport, outcome: CheckOutcome): void {
    const { servers, alert } = this.#life.effects;
    const { proxy, config, row } = server;
    if (!proxy.options.flags.has('log-health-checks')) return;
    const name = `${config.backup ? 'backup ' : ''}server ${proxy.name}/${config.name}`;
    const verdict =
      outcome === 'failed' ? 'failed' : `${outcome === 'conditional' ? 'conditionally ' : ''}succeeded`;
    const health = describeHealth(
      servers.checks.health(row, kind),
      policyOf(server, kind),
      servers.userWeight(row),
    );
    const what = kind === 'agent' ? 'Agent' : 'Health';
    const text = `${what} check for ${name} ${verdict}${describeReport(report)}, status: ${health}.`;
    alert(server, LEVEL_INFO, text);
    this.#life.tell(server, LEVEL_NOTICE, text);
  }
}

/** An agent's failure counts only when the agent itself has spoken. */
function countsAsFailure(kind: CheckKind, { status }: CheckReport): boolean {
  return kind === 'check' || checkStatus(status).withCode;
}

export function policyOf({ policy }: LifeServer, kind: CheckKind): CheckPolicy {
  return kind === 'agent' ? AGENT_POLICY : policy;
}

function lastReport({ effects }: ServerLife, { row }: LifeServer, kind: CheckKind): CheckReport {
  const { checks } = effects.servers;
  return {
    status: checks.status(row, kind).name,
    code: checks.code(row, kind),
    durationMs: checks.durationMs(row, kind),
    text: checks.text(row, kind),
  };
}
