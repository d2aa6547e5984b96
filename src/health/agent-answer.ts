/**
 * What an agent says (manual, section 5.2, `agent-check`): one line of words, the last of a kind wins.
 *
 *   up|down|stopped|fail   ready|drain|maint   75%|weight:75   maxconn:30   # description
 */
type AgentHealth = 'up' | 'down' | 'stopped' | 'fail';
type AgentOrder = 'ready' | 'drain' | 'maint';

export interface AgentAnswer {
  /** As written. */
  readonly health: string | undefined;
  readonly order: AgentOrder | undefined;
  readonly weight: string | undefined;
  readonly maxconn: string | undefined;
  /** The first word that means nothing. */
  readonly unknown: string | undefined;
  readonly description: string;
}

type Draft = { -readonly [K in keyof AgentAnswer]: AgentAnswer[K] };

/** The line up to its end; undefined: it has not come to its end. */
export function agentLine(text: string): string | undefined {
  const end = /[\r\n\0]/.exec(text);
  return end === null ? undefined : text.slice(0, end.index);
}

export function readAgentAnswer(line: string): AgentAnswer {
  const sharp = /(?:^|[ \t,])#/.exec(line);
  const words = sharp === null ? line : line.slice(0, sharp.index);
  const description = sharp === null ? '' : line.slice(sharp.index + sharp[0].length).replace(/^[ \t]+/, '');
  const answer: Draft = {
    health: undefined,
    order: undefined,
    weight: undefined,
    maxconn: undefined,
    unknown: undefined,
    description,
  };
  for (const word of words.split(/[ \t,]+/)) if (word !== '') readWord(word, answer);
  return answer;
}

function readWord(word: string, answer: Draft): void {
  const lower = word.toLowerCase();
  if (isHealth(lower)) answer.health = word;
  else if (lower === 'ready' || lower === 'drain' || lower === 'maint') answer.order = lower;
  else if (/^\d.*%/.test(word)) answer.weight = word;
  else if (lower.startsWith('maxconn:')) answer.maxconn = word.slice('maxconn:'.length);
  else if (lower.startsWith('weight:')) answer.weight = word.slice('weight:'.length);
  else answer.unknown ??= word;
}

function isHealth(word: string): word is AgentHealth {
  return word === 'up' || word === 'down' || word === 'stopped' || word === 'fail';
}
