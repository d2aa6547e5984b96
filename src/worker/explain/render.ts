/** An explanation as text for people. */
import { renderRules } from '../../rules/explain.ts';
import type { Explanation, Place } from './explanation.ts';

export function renderExplanation(explanation: Explanation, coloured: boolean): string {
  const bold = (text: string): string => (coloured ? `\u001b[1m${text}\u001b[0m` : text);
  const { frontend, rules, backend, server, events } = explanation;
  const parts = [
    `${bold('request')}\n${quote(explanation.request)}`,
    `${bold(`frontend ${frontend.name}`)}  ${at(frontend)}, bind ${frontend.bind} at line ${frontend.bindLine}\n    ${frontend.reason}\n`,
    `${bold('rules')}${rules.length === 0 ? '  none was read' : ''}\n${renderRules(rules, coloured)}`,
  ];
  if (backend !== undefined)
    parts.push(`${bold(`backend ${backend.name}`)}  ${at(backend)}\n    ${backend.reason}\n`);
  if (server !== undefined)
    parts.push(`${bold(`server ${server.name}`)}  ${server.address}  ${at(server)}\n    ${server.reason}\n`);
  if (events.length > 0)
    parts.push(`${bold('events')}\n${events.map(({ sink, line }) => `    ${sink}: ${line}\n`).join('')}`);
  parts.push(renderOutcome(explanation, bold));
  return parts.join('\n');
}

function at({ file, line }: Place): string {
  return `${file}:${line}`;
}

const HEADINGS = {
  forwarded: 'the server gets',
  answered: 'the client gets, from lb itself',
  responded: 'the client gets',
  closed: 'the client gets nothing: its connection is closed',
} as const;

function renderOutcome({ outcome, termination }: Explanation, bold: (text: string) => string): string {
  const { kind, toServer, toClient } = outcome;
  const state = termination === '--' ? '' : `  (termination state ${termination})`;
  const before = kind === 'responded' ? `${bold(HEADINGS.forwarded)}\n${quote(toServer ?? '')}\n` : '';
  return `${before}${bold(HEADINGS[kind])}${state}\n${quote((kind === 'forwarded' ? toServer : toClient) ?? '')}`;
}

/** Lines of a message, indented; what does not print is escaped. */
function quote(bytes: string): string {
  if (bytes === '') return '';
  const lines = bytes.replace(/(?:\r\n)+$/, '').split(/\r?\n/);
  return lines.map(line => `    ${line.replace(/[^\t\x20-\x7e]/g, escape)}\n`).join('');
}

function escape(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
