/** What `tcp-check expect` and `http-check expect` have in common: options around one match (manual, section 4.2). */
import type { Word } from '../model/word.ts';
import type { CheckStatus } from '../model/check-status.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckExpressions } from './expressions.ts';
import { RuleWords } from './rule-words.ts';

export interface HeaderPattern {
  readonly method: 'str' | 'beg' | 'end' | 'sub' | 'reg';
  readonly format: boolean;
  readonly word: Word;
}

export interface ExpectMatch {
  /** `string`, `rstatus`, `fhdr`, ... */
  readonly kind: string;
  readonly inverse: boolean;
  readonly pattern: Word;
  /** Of `hdr` and `fhdr`: the pattern of the name is `pattern`'s word. */
  readonly name?: HeaderPattern;
  readonly value?: HeaderPattern;
}

export interface ExpectOptions {
  readonly match: ExpectMatch;
  /** -1: not said. */
  readonly minRecv: number;
  readonly comment: string | undefined;
  readonly okStatus: CheckStatus | undefined;
  readonly errorStatus: CheckStatus | undefined;
  readonly timeoutStatus: CheckStatus | undefined;
  readonly onSuccess: ((facts: CheckFacts) => string) | undefined;
  readonly onError: ((facts: CheckFacts) => string) | undefined;
  readonly statusCode: ((facts: CheckFacts) => number | undefined) | undefined;
}

type Draft = { -readonly [K in keyof ExpectOptions]: ExpectOptions[K] | undefined };

const OK = ['L4OK', 'L6OK', 'L7OK', 'L7OKC'] as const;
const ERROR = ['L4CON', 'L6RSP', 'L7RSP', 'L7STS', 'L7OKC'] as const;
const TIMEOUT = ['L4TOUT', 'L6TOUT', 'L7TOUT'] as const;
const METHODS = ['str', 'beg', 'end', 'sub', 'reg'] as const;

/** `rule`: from the word `expect` on. Undefined after a mistake. */
export function readExpect(rule: readonly Word[], expressions: CheckExpressions): ExpectOptions | undefined {
  const words = new RuleWords(rule.slice(1));
  const draft: Draft = {
    match: undefined,
    minRecv: -1,
    comment: undefined,
    okStatus: undefined,
    errorStatus: undefined,
    timeoutStatus: undefined,
    onSuccess: undefined,
    onError: undefined,
    statusCode: undefined,
  };
  const reader = new ExpectReader(draft, words, expressions);
  while (!words.done) if (!reader.read()) return undefined;
  return draft.match === undefined ? undefined : (draft as ExpectOptions);
}

class ExpectReader {
  readonly #draft: Draft;
  readonly #words: RuleWords;
  readonly #expressions: CheckExpressions;

  constructor(draft: Draft, words: RuleWords, expressions: CheckExpressions) {
    this.#draft = draft;
    this.#words = words;
    this.#expressions = expressions;
  }

  /** One option, or the match. False after a mistake. */
  read(): boolean {
    const draft = this.#draft;
    const expressions = this.#expressions;
    const option = this.#words.next();
    switch (option.text) {
      case 'min-recv':
        return this.#readMinRecv();
      case 'comment':
        draft.comment = this.#words.next().text;
        return true;
      case 'on-success':
        return (draft.onSuccess = expressions.format(this.#words.next())) !== undefined;
      case 'on-error':
        return (draft.onError = expressions.format(this.#words.next())) !== undefined;
      case 'status-code':
        return (draft.statusCode = expressions.integer(this.#words.next())) !== undefined;
      case 'ok-status':
        return (draft.okStatus = this.#status(option.text, OK)) !== undefined;
      case 'error-status':
        return (draft.errorStatus = this.#status(option.text, ERROR)) !== undefined;
      case 'tout-status':
        return (draft.timeoutStatus = this.#status(option.text, TIMEOUT)) !== undefined;
      default:
        return this.#readMatch(option);
    }
  }

  #readMinRecv(): boolean {
    const word = this.#words.next();
    if (!/^-?\d+$/.test(word.text) || Number(word.text) < -1)
      return this.#refuse(word, `'min-recv' expects -1 or an integer from 0 to INT_MAX`);
    this.#draft.minRecv = Number(word.text);
    return true;
  }

  #status(option: string, known: readonly CheckStatus[]): CheckStatus | undefined {
    const word = this.#words.next();
    const status = known.find(one => one === word.text.toUpperCase());
    if (status !== undefined) return status;
    const list = known.map(one => `'${one}'`).join(', ');
    this.#refuse(word, `'${option}' only supports ${list} status (got '${word.text}').`);
    return undefined;
  }

  #readMatch(first: Word): boolean {
    if (this.#draft.match !== undefined)
      return this.#refuse(first, `unexpected word '${first.text}' behind the pattern`);
    let inverse = false;
    let kind = first;
    while (kind.text === '!' && !this.#words.done) {
      inverse = !inverse;
      kind = this.#words.next();
    }
    if (!kind.text.endsWith('hdr')) {
      this.#draft.match = { kind: kind.text, inverse, pattern: this.#words.next() };
      return true;
    }
    const name = this.#headerPattern();
    if (name === undefined) return false;
    const hasValue = this.#words.peek() === 'value' || this.#words.peek() === 'value-lf';
    const value = hasValue ? this.#headerPattern() : undefined;
    if (hasValue && value === undefined) return false;
    this.#draft.match = { kind: kind.text, inverse, pattern: name.word, name, ...(value && { value }) };
    return true;
  }

  /** `name[-lf] [-m <method>] <pattern>` and the same for `value` */
  #headerPattern(): HeaderPattern | undefined {
    const words = this.#words;
    const format = words.next().text.endsWith('-lf');
    const given = words.take('-m') ? words.next() : undefined;
    const method = given === undefined ? 'str' : METHODS.find(one => one === given.text);
    const word = words.next();
    if (method !== undefined && word.text !== '' && !(format && method === 'reg'))
      return { method, format, word };
    this.#refuse(
      given ?? word,
      method === undefined
        ? `'-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got '${given?.text}')`
        : word.text === ''
          ? 'expects a pattern'
          : 'log-format string is not supported with a regex matching method',
    );
    return undefined;
  }

  #refuse(word: Word, message: string): false {
    this.#expressions.report('alert', word.position, message);
    return false;
  }
}
