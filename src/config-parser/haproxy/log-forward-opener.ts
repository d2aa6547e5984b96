/** Opens `log-forward` sections, whose names differ from those of proxies. */
import type { Position } from '../../model/diagnostic.ts';
import type { ConfigDraft, SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { ParserContext } from '../parser-context.ts';
import { createLogForwardDraft, LOG_FORWARD_KEYWORDS } from './log-forward.ts';
import { readSectionName } from './section-name.ts';

const INDEX = createKeywordIndex(LOG_FORWARD_KEYWORDS);

function checkSameName(name: string, config: ConfigDraft, context: ParserContext): void {
  const own = config.logForwards.find(section => section.name === name);
  const proxy = config.proxyNames.get(name);
  const defaults = config.defaults.named.get(name);
  const where = ({ file, line }: Position): string => `declared at ${file}:${line}.`;
  const what = `log-forward section '${name}' has the same name as`;
  if (own !== undefined)
    context.alert(context.position, `${what} another log-forward section ${where(own.position)}`);
  else if (proxy !== undefined)
    context.alert(context.position, `${what} ${proxy.kind} '${name}' ${where(proxy.position)}`);
  else if (defaults !== undefined)
    context.warn(context.position, `${what} defaults '${name}' ${where(defaults.position)}`);
}

export const openLogForward: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  checkSameName(name, config, context);
  const draft = createLogForwardDraft(name, context.position);
  config.logForwards.push(draft);
  return { line: (line, at) => void applyLine(INDEX, draft, line, at), end: () => undefined };
};
