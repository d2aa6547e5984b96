/** Actions of scripts: `lua.<name>` (manual, section 4.4). */
import type { RulesetName } from '../../model/rule.ts';
import { CONTENT, HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { SERVICE } from '../verdict.ts';
import type { ScriptPlace } from '../script-program.ts';

export const SCRIPT_PREFIX = 'lua.';

function compileScriptAction(line: RuleLine): Action | undefined {
  const name = line.action.slice(SCRIPT_PREFIX.length);
  const action = line.env.scripts?.action(name, line.kind as RulesetName);
  if (action === undefined) return line.error(`unknown action '${line.action}'`);
  const words: string[] = [];
  while (words.length < action.words) {
    const word = line.take();
    if (word === undefined) return line.error(`expects ${action.words} arguments`);
    words.push(word.text);
  }
  return action.compile(words, placeOf(line));
}

/** `use-service lua.<name>` */
export function compileScriptService(line: RuleLine, name: string): Action | undefined {
  const service = line.env.scripts?.service(name.slice(SCRIPT_PREFIX.length));
  if (service === undefined) return line.error(`'${name}' unknown service name`);
  const mode = line.kind === 'http-request' ? 'http' : 'tcp';
  if (service.mode !== mode) return line.error(`service '${name}' is for mode ${service.mode} only`);
  if (mode === 'tcp' && line.env.section.mode === 'http')
    return line.error(`service '${name}' cannot serve connections of a proxy in mode http`);
  const place = placeOf(line);
  return ctx => {
    ctx.service = name;
    ctx.scriptService = wire => service.begin(ctx, place, wire);
    return SERVICE;
  };
}

function placeOf({ env, phases, onResponse, kind }: RuleLine): ScriptPlace {
  const { inspectDelayMs } = env.section;
  const delayMs = onResponse ? inspectDelayMs.response : inspectDelayMs.request;
  return {
    env,
    phases,
    onResponse,
    delayMs: kind.startsWith('tcp-') ? delayMs : undefined,
    mayWait: kind !== 'http-after-response',
  };
}

export const SCRIPT_ACTIONS: readonly ActionDefinition[] = [
  {
    name: SCRIPT_PREFIX,
    rulesets: [...CONTENT, ...HTTP_ALL],
    args: '<args>*',
    compile: compileScriptAction,
  },
];
