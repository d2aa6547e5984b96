/**
 * Log-format strings, text -> closure (manual, section 8.2.6). Used for log lines, header values, redirects,
 * backend names, unique identifiers and set-var-fmt.
 */
import { parseLogFormat } from '../config-parser/log-format.ts';
import type { ItemName, LogFormatItem } from '../config-parser/log-format.ts';
import { didYouMean } from '../config-parser/nearest.ts';
import type { Position } from '../model/diagnostic.ts';
import { isMistake } from './arguments.ts';
import type { CompiledLogFormat, LogFormatOptions } from './compiled.ts';
import type { CompileEnvironment } from './environment.ts';
import { checkPhase, compileChain } from './expression.ts';
import type { MistakeWithHint } from './expression.ts';
import { ALIASES, findAlias } from './log-format/aliases.ts';
import type { Alias, Append, Render } from './log-format/alias.ts';
import { CBOR_BREAK, CBOR_MAP, CBOR_NULL, cborText, toHex } from './log-format/cbor.ts';
import { applyFlags, commonFlags, isUsual, NO_FLAGS, settleFlags } from './log-format/flags.ts';
import type { OutputFlags } from './log-format/flags.ts';
import { expressionItem } from './log-format/item.ts';
import type { TypeCast } from './log-format/output.ts';
import { appendPieces, joinPieces, joinRecord } from './log-format/join.ts';
import type { Piece } from './log-format/piece.ts';

const DEFAULT_URI_LENGTH = 1024;
const ALL_PHASES = -1;

export function compileLogFormat(
  text: string,
  at: Position,
  phases: number,
  env: CompileEnvironment,
  options: LogFormatOptions = {},
): CompiledLogFormat | undefined {
  const builder = new Builder(at, phases, env, options);
  for (const item of parseLogFormat(text)) {
    const mistake = builder.add(item);
    if (mistake === undefined) continue;
    const position = at.column > 0 && 'offset' in item ? { ...at, column: at.column + item.offset } : at;
    env.report({
      severity: 'alert',
      position,
      message: mistake.error,
      ...(mistake.hint === undefined ? {} : { hint: mistake.hint }),
    });
    return undefined;
  }
  return builder.build(text);
}

/** An item whose flags are settled when the whole string is known. */
interface Pending {
  readonly name: string | undefined;
  readonly flags: OutputFlags;
  readonly compile: (flags: OutputFlags) => Render;
  readonly append: (flags: OutputFlags) => Append | undefined;
  /** Of an alias that writes what it always does. */
  readonly alias: string | undefined;
  readonly nothing: Alias['nothing'];
}

class Builder {
  readonly #at: Position;
  readonly #phases: number;
  readonly #env: CompileEnvironment;
  readonly #options: LogFormatOptions;
  readonly #pieces: (Piece | Pending)[] = [];
  /** In force for the items that follow; `%o` changes it. */
  #flags: OutputFlags;
  #whole: OutputFlags | undefined;
  #legal = ALL_PHASES;
  #needsHttp = false;

  constructor(at: Position, phases: number, env: CompileEnvironment, options: LogFormatOptions) {
    this.#at = at;
    this.#phases = phases;
    this.#env = env;
    this.#options = options;
    const style = options.style ?? 'plain';
    this.#flags = { ...NO_FLAGS, mandatory: style === 'log', http: style === 'http' || style === 'id' };
  }

  #mergesSpaces(): boolean {
    return this.#options.style === 'log' || this.#options.style === 'id';
  }

  /** Answers what is wrong. */
  add(item: LogFormatItem): MistakeWithHint | undefined {
    switch (item.kind) {
      case 'text':
        this.#addText(item.text);
        return undefined;
      case 'broken':
        return brokenItem(item.text);
      case 'alias':
        return this.#addAlias(item);
      case 'expression':
        return this.#addExpression(item);
    }
  }

  #addText(text: string): void {
    if (!this.#mergesSpaces()) {
      this.#pieces.push(text);
      return;
    }
    for (const part of text.split(/( )/)) if (part !== '') this.#pieces.push(part === ' ' ? SPACE : part);
  }

  #addAlias(item: Extract<LogFormatItem, { kind: 'alias' }>): MistakeWithHint | undefined {
    const flags = applyFlags(this.#flags, item.flags);
    if (item.alias === 'o') {
      this.#flags = flags;
      this.#whole = this.#whole === undefined ? flags : commonFlags(this.#whole, flags);
      return undefined;
    }
    const alias = findAlias(item.alias);
    if (alias === undefined) return unknownAlias(item.alias);
    const cast = parseCast(item.name);
    if (isMistake(cast)) return cast;
    if (alias.restriction === 'http only') this.#needsHttp = true;
    const { isEarly = false, uriLength = DEFAULT_URI_LENGTH } = this.#options;
    const options = { isEarly, uriLength, cast: cast.cast };
    this.#pieces.push({
      name: nameOf(item.name),
      flags,
      compile: settled => alias.compile(settled, options),
      append: (settled: OutputFlags) => alias.append?.(settled, options),
      alias: isEarly ? undefined : alias.name,
      nothing: alias.nothing,
    });
    return undefined;
  }

  #addExpression(item: Extract<LogFormatItem, { kind: 'expression' }>): MistakeWithHint | undefined {
    if (!item.closed) return { error: `missing ']' after '${item.text}'` };
    const chain = compileChain(item.text.trim(), this.#phases, this.#env, this.#at);
    if (isMistake(chain)) {
      const hint = 'hint' in chain && chain.hint !== undefined ? { hint: chain.hint } : {};
      return { error: `failed to parse sample expression <${item.text}]> : ${chain.error}`, ...hint };
    }
    const misplaced = checkPhase(chain, this.#phases);
    if (misplaced !== undefined) return { error: misplaced };
    const cast = parseCast(item.name);
    if (isMistake(cast)) return cast;
    this.#legal &= chain.phases;
    this.#needsHttp ||= chain.needsHttp;
    this.#pieces.push({
      name: nameOf(item.name),
      flags: applyFlags(this.#flags, item.flags),
      compile: settled => expressionItem(chain, settled, cast.cast),
      append: () => undefined,
      alias: undefined,
      nothing: undefined,
    });
    return undefined;
  }

  build(text: string): CompiledLogFormat {
    const common = this.#whole ?? NO_FLAGS;
    const whole = settleFlags(common, common);
    const { render, append } = whole.encoding === 'none' ? this.#buildText(whole) : this.#buildRecord(whole);
    const isConstant = this.#pieces.every(piece => typeof piece === 'string');
    return {
      text,
      render,
      append,
      phases: this.#legal,
      needsHttp: this.#needsHttp,
      constant: isConstant && whole.encoding === 'none' ? this.#pieces.join('') : undefined,
    };
  }

  #buildText(whole: OutputFlags): Rendering {
    const pieces = this.#pieces.flatMap(piece => {
      if (!isPending(piece)) return [piece];
      return this.#isMissing(piece) ? [] : [this.#finish(piece, whole)];
    });
    return { render: joinPieces(pieces), append: appendPieces(pieces) };
  }

  /** There never is anything it could write. */
  #isMissing({ alias, flags }: Pending): boolean {
    const { captures } = this.#options;
    if (captures === undefined || flags.encoding !== 'none') return false;
    if (alias === 'hr') return captures.request.length === 0;
    return alias === 'hs' && captures.response.length === 0;
  }

  #finish(item: Pending, whole: OutputFlags): Piece {
    const flags = settleFlags(item.flags, whole);
    const render = item.compile(flags);
    const absent = flags.encoding === 'json' ? 'null' : flags.encoding === 'cbor' ? toHex(CBOR_NULL) : '';
    return {
      render: absent === '' ? render : ctx => render(ctx) || absent,
      maybeNothing: absent === '' && mayBeNothing(item.nothing, flags),
      append: absent === '' ? item.append(flags) : undefined,
      alias: isUsual(flags) ? item.alias : undefined,
    };
  }

  /** One JSON object or CBOR map of the items that have a name. */
  #buildRecord(whole: OutputFlags): Rendering {
    const isCbor = whole.encoding === 'cbor';
    const bytes = (text: string): string => (whole.binary ? text : toHex(text));
    const absent = isCbor ? bytes(CBOR_NULL) : 'null';
    const members = this.#pieces.filter(isPending).flatMap(item => {
      if (item.name === undefined) return [];
      const render = item.compile(settleFlags(item.flags, whole));
      const key = isCbor ? bytes(cborText(item.name)) : `"${item.name}": `;
      return [{ key, render: (ctx: Parameters<Render>[0]) => render(ctx) || absent }];
    });
    const render = isCbor
      ? joinRecord(members, bytes(CBOR_MAP), '', bytes(CBOR_BREAK))
      : joinRecord(members, '{', ', ', '}');
    return { render, append: (ctx, line) => line.add(render(ctx)) };
  }
}

function mayBeNothing(nothing: Alias['nothing'], { quote, mandatory }: OutputFlags): boolean {
  if (nothing === undefined || nothing === 'without captures') return nothing !== undefined;
  return !quote && (nothing === 'without quotes' || !mandatory);
}

interface Rendering {
  readonly render: Render;
  readonly append: Append;
}

const SPACE = { space: true } as const;

function isPending(piece: Piece | Pending): piece is Pending {
  return typeof piece === 'object' && 'compile' in piece;
}

function nameOf(name: ItemName | null): string | undefined {
  return name === null || name.name === '' ? undefined : name.name;
}

function parseCast(name: ItemName | null): { readonly cast: TypeCast } | MistakeWithHint {
  const type = name?.type ?? undefined;
  if (type === undefined) return { cast: undefined };
  if (type === 'str' || type === 'sint' || type === 'bool' || type === 'raw') return { cast: type };
  return { error: `unexpected output type '${type}'. Supported types are: str, sint, bool, raw` };
}

function unknownAlias(name: string): MistakeWithHint {
  const names = ALIASES.map(alias => `%${alias.name}`);
  const hint = didYouMean(`%${name}`, names);
  return {
    error: `no such format alias '${name}'. If you wanted to emit the '%' character verbatim, you need to use '%%'`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function brokenItem(text: string): MistakeWithHint {
  if (text === '' || /^[({[]/.test(text)) return { error: `truncated line after '%${text}'` };
  return {
    error: `unexpected alias name near '${text.charAt(0)}'. Maybe you want to write a single '%', use the syntax '%%'`,
  };
}
