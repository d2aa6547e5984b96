/** The agent of a server: asks it, and does what it says (manual, section 5.2, `agent-check`). */
import { fullHealth } from './advance.ts';
import { agentLine, readAgentAnswer, type AgentAnswer } from './agent-answer.ts';
import type { CheckFacts } from './check-facts.ts';
import { IMPLICIT_CONNECT } from './compile-connect.ts';
import { AGENT_POLICY, type LifeServer } from './life-server.ts';
import type { ExpectStep, Ruleset, Verdict } from './ruleset.ts';
import type { ServerAdministration } from './server-administration.ts';
import { orderMaxconn, orderWeight } from './server-orders.ts';
import type { CheckFinding } from './status.ts';

/** `send`: what is said to it, as of now (`agent-send`, `set server ... agent-send`). */
export function agentRuleset(
  server: LifeServer,
  administration: ServerAdministration,
  send: () => string,
): Ruleset {
  const answer: ExpectStep = {
    kind: 'expect',
    index: 1,
    name: 'expect custom function',
    inverse: false,
    judge: (facts, noMore) => judgeAnswer(facts, noMore || facts.full, server, administration),
  };
  return {
    kind: 'ready-made',
    steps: [
      IMPLICIT_CONNECT,
      { kind: 'send', index: 0, optional: true, compose: () => Buffer.from(send(), 'latin1') },
      answer,
    ],
    disableOn404: false,
    sendState: false,
  };
}

function judgeAnswer(
  facts: CheckFacts,
  last: boolean,
  server: LifeServer,
  administration: ServerAdministration,
): Verdict {
  const { servers } = facts.life.effects;
  if (facts.length === 0 && last) return { status: 'L7RSP', info: 'TCPCHK got an empty response at step 2' };
  const line = agentLine(facts.text);
  if (line === undefined) {
    if (!last) return 'wait';
    // what it said last stands; an agent that has not said anything yet is as good as silent
    const { name } = servers.checks.status(server.row, 'agent');
    return { status: name === 'INI' ? 'L7TOUT' : name, info: 'Ignoring incomplete line from agent' };
  }
  // it may have been switched off while it was asked: then nothing of its answer counts
  if (!servers.checks.enabled(server.row, 'agent')) return { status: 'CHECKED' };
  return obey(readAgentAnswer(line), facts, server, administration);
}

/** First what administrators could order too, then whether it is up. */
function obey(
  answer: AgentAnswer,
  { life }: CheckFacts,
  server: LifeServer,
  administration: ServerAdministration,
): CheckFinding {
  if (answer.order === 'maint') administration.setMaintenance(server);
  else if (answer.order === 'drain') administration.setDrain(server);
  else if (answer.order === 'ready') administration.setReady(server);
  const warnings = [
    answer.weight === undefined ? undefined : orderWeight(life, server, answer.weight),
    answer.maxconn === undefined ? undefined : orderMaxconn(life, server, answer.maxconn),
  ];
  const warning = warnings.find(text => text !== undefined);
  if (answer.health !== undefined) return healthFinding(answer, answer.health, warning, life, server);
  if (answer.unknown !== undefined)
    return { status: 'CHECKED', info: `agent reports an error : ${answer.unknown}` };
  return { status: 'CHECKED', ...(warning !== undefined && { info: `agent warns : ${warning}` }) };
}

function healthFinding(
  { description, unknown }: AgentAnswer,
  word: string,
  warning: string | undefined,
  life: CheckFacts['life'],
  server: LifeServer,
): CheckFinding {
  const up = word.toLowerCase() === 'up';
  life.effects.servers.publishCheck(server.row, 'agent', { health: up ? fullHealth(AGENT_POLICY) : 0 });
  const trouble = unknown ?? warning;
  const message = (description === '' || up) && trouble !== undefined ? trouble : description;
  return {
    status: up ? 'L7OK' : 'L7STS',
    info: `via agent : ${word}${message === '' ? '' : ` (${message})`}`,
  };
}
