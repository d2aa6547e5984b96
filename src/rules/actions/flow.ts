/** Actions that end or steer the evaluation itself (manual, section 4.4). */
import { EVERYWHERE, HTTP_ALL, TCP_REQUEST, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { compileScriptService, SCRIPT_PREFIX } from './scripts.ts';
import { SERVICES } from './services.ts';
import {
  ACCEPT,
  CLOSE,
  CONTINUE,
  REJECT,
  SERVICE,
  SILENT_DROP,
  SWITCH_TO_HTTP,
  type Verdict,
} from '../verdict.ts';

function always(verdict: Verdict): ActionDefinition['compile'] {
  return () => () => verdict;
}

function compileSilentDrop(line: RuleLine): Action | undefined {
  let ttl: number | undefined;
  if (line.accept('rst-ttl')) {
    const word = line.take();
    if (word === undefined) return line.error('missing rst-ttl value');
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(word.text))
      return line.error(
        `invalid character starting at '${word.text.replace(/^\d+/, '')}' (value 1-255 expected)`,
      );
    ttl = Number(word.text);
    if (ttl < 1 || ttl > 255) return line.error('valid rst-ttl values are [1-255]');
  }
  return ctx => {
    ctx.rstTtl = ttl;
    return SILENT_DROP;
  };
}

function compileStrictMode(line: RuleLine): Action | undefined {
  const word = line.take()?.text;
  if (word === undefined) return line.error('expects exactly 1 arguments');
  const mode = word.toLowerCase();
  if (mode !== 'on' && mode !== 'off')
    return line.error(`Unexpected value '${word}'. Only 'on' and 'off' are supported`);
  const soft = mode === 'off';
  return ctx => {
    ctx.softRewrites = soft;
    return CONTINUE;
  };
}

function compileSwitchMode(line: RuleLine): Action | undefined {
  const mode = line.take()?.text;
  if (mode === undefined) return line.error(`'${line.kind} switch-mode' expects a mode as argument`);
  if (mode !== 'http') return line.error(`'${line.kind} switch-mode' expects a valid mode (got '${mode}')`);
  const isSaid = line.accept('proto');
  const proto = isSaid ? line.take()?.text : undefined;
  if (isSaid && proto === undefined) return line.error(`'proto' expects a protocol as argument`);
  if (proto !== undefined && proto !== 'h1' && proto !== 'h2')
    return line.error(`MUX protocol '${proto}' is not supported by switch-mode`);
  return ctx => {
    ctx.switchProto = proto;
    return SWITCH_TO_HTTP;
  };
}

/** A header in front of the first byte of a connection. */
function compileExpect(tell: (ctx: RuleContext) => void): ActionDefinition['compile'] {
  return line => {
    const layer = line.take()?.text ?? '';
    if (layer !== 'layer4') return line.error(`only supports 'layer4' (got '${layer}')`);
    return ctx => {
      tell(ctx);
      return CONTINUE;
    };
  };
}

function compileUseService(line: RuleLine): Action | undefined {
  const name = line.take()?.text;
  if (name === undefined) return line.error(`'${line.action}' expects a service name`);
  if (name.startsWith(SCRIPT_PREFIX)) return compileScriptService(line, name);
  if (!SERVICES.includes(name)) return line.error(`'${name}' unknown service name`);
  // there is no other, and none for connections but those of scripts
  if (line.kind !== 'http-request')
    return line.error(`Prometheus exporter service only available on 'http-request' rulesets`);
  return ctx => {
    ctx.service = name;
    return SERVICE;
  };
}

function compileDisableL7Retry(): Action {
  return ctx => {
    ctx.disableL7Retry();
    return CONTINUE;
  };
}

export const FLOW_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'accept',
    rulesets: [...TCP_REQUEST, 'tcp-response content'],
    args: '',
    final: true,
    compile: always(ACCEPT),
  },
  { name: 'allow', rulesets: HTTP_ALL, args: '', final: true, compile: always(ACCEPT) },
  {
    name: 'reject',
    rulesets: [...TCP_REQUEST, 'tcp-response content', 'http-request'],
    args: '',
    final: true,
    compile: always(REJECT),
  },
  { name: 'close', rulesets: ['tcp-response content'], args: '', final: true, compile: always(CLOSE) },
  {
    name: 'silent-drop',
    rulesets: EVERYWHERE.filter(ruleset => ruleset !== 'http-after-response'),
    args: '[ rst-ttl <ttl> ]',
    final: true,
    compile: compileSilentDrop,
  },
  { name: 'strict-mode', rulesets: HTTP_ALL, args: '{ on | off }', compile: compileStrictMode },
  {
    name: 'switch-mode',
    rulesets: ['tcp-request content'],
    args: 'http [ proto <name> ]',
    compile: compileSwitchMode,
  },
  {
    name: 'expect-proxy',
    rulesets: ['tcp-request connection'],
    args: 'layer4',
    compile: compileExpect(ctx => ctx.expectProxyProtocol()),
  },
  {
    name: 'expect-netscaler-cip',
    rulesets: ['tcp-request connection'],
    args: 'layer4',
    compile: compileExpect(ctx => ctx.expectNetscalerCip()),
  },
  {
    name: 'use-service',
    rulesets: ['http-request', 'tcp-request content'],
    args: '<service-name>',
    final: true,
    compile: compileUseService,
  },
  { name: 'disable-l7-retry', rulesets: ['http-request'], args: '', compile: compileDisableL7Retry },
];
